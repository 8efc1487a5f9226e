"""The tables, and how a connection is set up."""

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    id TEXT PRIMARY KEY, sku TEXT NOT NULL UNIQUE, name TEXT NOT NULL, category TEXT NOT NULL, price INTEGER NOT NULL,
    currency TEXT NOT NULL, stock INTEGER NOT NULL CHECK (stock >= 0), tags TEXT NOT NULL, attributes TEXT NOT NULL,
    version INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_price ON items (price, id);
CREATE INDEX IF NOT EXISTS items_by_name ON items (name, id);
CREATE INDEX IF NOT EXISTS items_by_category ON items (category, id);
CREATE INDEX IF NOT EXISTS items_by_category_price ON items (category, price, id);
CREATE TABLE IF NOT EXISTS item_words (word TEXT, item_id TEXT, PRIMARY KEY (word, item_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS item_words_by_item ON item_words (item_id);
CREATE TABLE IF NOT EXISTS item_tags (tag TEXT, item_id TEXT, PRIMARY KEY (tag, item_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS item_tags_by_item ON item_tags (item_id);
CREATE TABLE IF NOT EXISTS stock_changes (
    item_id TEXT, key TEXT, change INTEGER NOT NULL, PRIMARY KEY (item_id, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, currency TEXT NOT NULL, total INTEGER NOT NULL,
    state TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, unsettled INTEGER NOT NULL,
    key TEXT UNIQUE, fingerprint TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer_id, id);
CREATE INDEX IF NOT EXISTS orders_by_time ON orders (created_at);
CREATE INDEX IF NOT EXISTS orders_unsettled ON orders (updated_at) WHERE unsettled;
CREATE INDEX IF NOT EXISTS orders_with_key ON orders (created_at) WHERE key IS NOT NULL;
CREATE TABLE IF NOT EXISTS order_lines (
    order_id TEXT, number INTEGER, item_id TEXT NOT NULL, sku TEXT NOT NULL, category TEXT NOT NULL,
    quantity INTEGER NOT NULL, unit_price INTEGER NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (order_id, number)) WITHOUT ROWID;
"""


def connect(path: str, synchronous: str) -> sqlite3.Connection:
    """Return a connection that begins no transaction by itself and is used by one thread at a time.

    Raises:
        sqlite3.Error: the file cannot be opened, or is no database.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA cache_size = -32768")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection
