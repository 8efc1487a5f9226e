"""The drawings of the report: numbers in, strings for the SVG template out."""
