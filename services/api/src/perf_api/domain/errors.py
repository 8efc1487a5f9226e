"""What can go wrong with items and orders.

DomainError
├── ItemNotFoundError
├── DuplicateSkuError
├── StaleVersionError
├── OutOfStockError
├── MixedCurrenciesError
├── OrderNotFoundError
├── OrderStateError
├── IdempotencyError
│   ├── KeyReusedError
│   └── StillInProgressError
└── DatabaseUnavailableError
"""


class DomainError(Exception):
    """Anything the service answers with a problem of its own."""


class ItemNotFoundError(DomainError):
    """Raised when there is no item of that id."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"there is no item {item_id}")
        self.item_id = item_id


class DuplicateSkuError(DomainError):
    """Raised when another item has that SKU."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"there is an item with SKU {sku}; choose another")
        self.sku = sku


class StaleVersionError(DomainError):
    """Raised when an item has another version than the writer expected."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"item {item_id} was changed meanwhile; read it again and repeat the change")
        self.item_id = item_id


class OutOfStockError(DomainError):
    """Raised when an item has fewer pieces than wanted."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"item {item_id} has not that many pieces left; order fewer")
        self.item_id = item_id


class MixedCurrenciesError(DomainError):
    """Raised when the items of one order have several currencies."""

    def __init__(self) -> None:
        super().__init__("the items have several currencies; make one order of each")


class OrderNotFoundError(DomainError):
    """Raised when there is no order of that id."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"there is no order {order_id}")
        self.order_id = order_id


class OrderStateError(DomainError):
    """Raised when an order is not in the state that a change starts from."""

    def __init__(self, order_id: str, state: str, wanted: str) -> None:
        super().__init__(f"order {order_id} is {state}, this needs {wanted}")
        self.order_id = order_id
        self.state = state


class IdempotencyError(DomainError):
    """Anything wrong with an Idempotency-Key."""


class KeyReusedError(IdempotencyError):
    """Raised when a key comes again with another order."""

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used for another order; choose a new key for a new order")


class StillInProgressError(IdempotencyError):
    """Raised when the order of a key is still being placed."""

    def __init__(self) -> None:
        super().__init__("the order of this Idempotency-Key is still being placed; repeat the request in a second")


class DatabaseUnavailableError(DomainError):
    """Raised when the database does not answer; the write may or may not have happened."""
