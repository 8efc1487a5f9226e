"""An HTTP user with the API of Locust's FastHttpUser that costs a third of its processor time per request."""
