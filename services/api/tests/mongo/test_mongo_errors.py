import pytest
from pymongo import errors

from perf_api.adapters.mongo.errors import duplicate_as, duplicate_indexes, is_duplicate, translated, unavailable
from perf_api.domain.errors import DatabaseUnavailableError, DuplicateSkuError

SECRET = "mongodb://ann:pa55@db.internal:27017"
DUPLICATE = {"index": 2, "code": 11000, "errmsg": "E11000"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.ServerSelectionTimeoutError(SECRET), "no MongoDB server can be reached"),
        (errors.WaitQueueTimeoutError(SECRET), "all connections to MongoDB are busy"),
        (errors.NetworkTimeout(SECRET), "MongoDB did not answer in time"),
        (errors.NotPrimaryError(SECRET), "MongoDB is choosing a new primary"),
        (errors.AutoReconnect(SECRET), "the connection to MongoDB was lost"),
        (errors.ConnectionFailure(SECRET), "the connection to MongoDB was lost"),
        (errors.ExecutionTimeout(SECRET, 50), "MongoDB did not finish in time"),
        (errors.WTimeoutError(SECRET, 64), "MongoDB did not confirm a write in time"),
        (errors.ConfigurationError(SECRET), "the options of the MongoDB URL do not fit this server"),
        (errors.OperationFailure(SECRET, 18), "MongoDB refuses the credentials; correct them in PERF_API_DATABASE"),
        (errors.OperationFailure(SECRET, 13), "MongoDB refuses the credentials; correct them in PERF_API_DATABASE"),
        (errors.OperationFailure(SECRET, 59), "MongoDB refused an operation (OperationFailure, code 59)"),
        (errors.CursorNotFound(SECRET, 43), "MongoDB refused an operation (CursorNotFound, code 43)"),
        (errors.InvalidOperation(SECRET), "MongoDB refused an operation (InvalidOperation, code None)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_of_the_driver_has_one_reason_that_tells_no_secret(
    error: errors.PyMongoError, reason: str
) -> None:
    assert str(unavailable(error)) == reason


async def test_no_error_of_the_driver_leaves_a_translated_method() -> None:
    @translated
    async def broken() -> None:
        raise errors.AutoReconnect(SECRET)

    with pytest.raises(DatabaseUnavailableError) as caught:
        await broken()

    assert isinstance(caught.value.__cause__, errors.AutoReconnect)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.DuplicateKeyError("E11000", 11000), True),
        (errors.OperationFailure("constraint failed: UNIQUE constraint failed: index 'items_sku'", 1), True),
        (errors.OperationFailure("something else", 1), False),
        (errors.OperationFailure("UNIQUE constraint failed", 59), False),
        (errors.AutoReconnect("11000"), False),
    ],
    ids=["MongoDB", "FerretDB's update", "another internal error", "another code", "no answer"],
)
def test_a_refusal_by_a_unique_index_is_recognised(error: errors.PyMongoError, expected: bool) -> None:
    assert is_duplicate(error) is expected


def test_only_a_duplicate_becomes_the_error_of_the_domain() -> None:
    with pytest.raises(DuplicateSkuError), duplicate_as(DuplicateSkuError("A")):
        raise errors.DuplicateKeyError("E11000", 11000)
    with pytest.raises(errors.AutoReconnect), duplicate_as(DuplicateSkuError("A")):
        raise errors.AutoReconnect("gone")


def test_a_batch_that_failed_for_another_reason_too_is_not_called_duplicate() -> None:
    both = {"writeErrors": [DUPLICATE, {"index": 3, "code": 2, "errmsg": "bad value"}], "writeConcernErrors": []}
    unsure = {"writeErrors": [DUPLICATE], "writeConcernErrors": [{"code": 64}]}

    assert duplicate_indexes(errors.BulkWriteError({"writeErrors": [DUPLICATE], "writeConcernErrors": []})) == [2]
    for details in (both, unsure):
        with pytest.raises(errors.BulkWriteError):
            duplicate_indexes(errors.BulkWriteError(details))
