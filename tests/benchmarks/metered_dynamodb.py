"""As much of DynamoDB as imports and bulk jobs need, behind a real client's `before-send` event, with a meter.

It keeps items, so that a run can be checked, but of conditions only those that writes of contacts meet: an insert's
key is free, an update's version is the one that is there. Anything that it does not know ends the run.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from tests.benchmarks.capacity import Index, Item, item_size, read_units, write_units

_CLAUSES = re.compile(r"\b(SET|ADD|REMOVE)\b ")
_COMMA = re.compile(r", (?![^()]*\))")
_IF_NOT_EXISTS = re.compile(r"if_not_exists\(([#\w]+), (:\w+)\)").fullmatch
_TABLE = re.compile(r'"([^"]+)"')
_UNCHANGED = '"pk" = ? AND "sk" = ? AND "version" = ? AND "id" = ?'
_CONDITIONS = {"UPDATE": _UNCHANGED, "DELETE": _UNCHANGED + ' AND "twins" IS MISSING RETURNING ALL OLD *'}


class Table:
    """Items by their keys, as JSON: bytes are nothing that the garbage collector of the measured code would visit."""

    def __init__(self, indexes: Sequence[Index] = ()) -> None:
        self.indexes = indexes
        self.partitions: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self.entries: dict[str, defaultdict[str, dict[str, str]]] = {index.name: defaultdict(dict) for index in indexes}

    def get(self, key: Item) -> dict[str, Any] | None:
        body = self.partitions[key["pk"]["S"]].get(key["sk"]["S"])
        return None if body is None else orjson.loads(body)

    def put(self, after: Item, before: Item | None) -> int:
        """Store an item; returns the write units of the table and of its indexes."""
        pk, sk = after["pk"]["S"], after["sk"]["S"]
        self.partitions[pk][sk] = orjson.dumps(after)
        units = write_units(max(item_size(after), item_size(before or {})))
        for index in self.indexes:
            if before is not None and index.keys[0] in before:
                del self.entries[index.name][before[index.keys[0]]["S"]][f"{pk}\0{sk}"]
            if index.entry(after) is not None:
                self.entries[index.name][after[index.keys[0]]["S"]][f"{pk}\0{sk}"] = ""
            units += index.write_units(before, after)
        return units

    def delete(self, key: Item) -> int:
        """Take an item out; returns the write units of the table and of its indexes."""
        pk, sk = key["pk"]["S"], key["sk"]["S"]
        before = self.get(key)
        units = write_units(item_size(before or {}))
        if before is None:
            return units
        del self.partitions[pk][sk]
        for index in self.indexes:
            if index.entry(before) is not None:
                del self.entries[index.name][before[index.keys[0]]["S"]][f"{pk}\0{sk}"]
            units += index.write_units(before, None)
        return units

    def query(self, pk: str, prefix: str) -> Iterator[dict[str, Any]]:
        partition = self.partitions[pk]
        return (orjson.loads(partition[sk]) for sk in sorted(partition) if sk.startswith(prefix))

    def query_index(self, name: str, key: str) -> Iterator[dict[str, Any]]:
        (index,) = (each for each in self.indexes if each.name == name)
        for place in self.entries[name][key]:
            pk, _, sk = place.partition("\0")
            yield dict(index.entry(orjson.loads(self.partitions[pk][sk])) or {})

    def __len__(self) -> int:
        return sum(map(len, self.partitions.values()))


class MeteredDynamoDB:
    """Tables, and what was charged since the last `reset`: write units by table, read units of all."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = tables
        self._operations: dict[str, Callable[[Any], Any]] = {
            "GetItem": self._get,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "DeleteItem": self._delete,
            "Query": self._query,
            "BatchGetItem": self._batch_get,
            "BatchWriteItem": self._batch_write,
            "BatchExecuteStatement": self._batch_execute,
            "TransactWriteItems": self._transact_write,
        }
        self.reset()

    def reset(self) -> None:
        self.written: Counter[str] = Counter()
        self.read_units = 0.0

    @property
    def write_units(self) -> int:
        return self.written.total()

    def answer(self, operation: str, request: Any) -> tuple[int, bytes]:
        return 200, orjson.dumps(self._operations[operation](orjson.loads(request.body)))

    def _get(self, request: Any) -> Any:
        item = self.tables[request["TableName"]].get(request["Key"])
        self._read(item, consistent=request.get("ConsistentRead", False))
        return {} if item is None else {"Item": item}

    def _put(self, request: Any, times: int = 1) -> Any:
        table = self.tables[request["TableName"]]
        self.written[request["TableName"]] += times * table.put(request["Item"], table.get(request["Item"]))
        return {}

    def _update(self, request: Any, times: int = 1) -> Any:
        table = self.tables[request["TableName"]]
        before = table.get(request["Key"])
        after = _updated(before or request["Key"], request)
        self.written[request["TableName"]] += times * table.put(after, before)
        return {"Attributes": after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def _delete(self, request: Any, times: int = 1) -> Any:
        self.written[request["TableName"]] += times * self.tables[request["TableName"]].delete(request["Key"])
        return {}

    def _query(self, request: Any) -> Any:
        table = self.tables[request["TableName"]]
        values = request["ExpressionAttributeValues"]
        names = re.findall(r"(:\w+)", request["KeyConditionExpression"])
        first = values[names[0]]["S"]
        if "IndexName" in request:
            if len(names) > 1:
                raise NotImplementedError("a query of an index by more than its partition key")
            items = list(table.query_index(request["IndexName"], first))
        else:
            items = list(table.query(first, values[names[1]]["S"] if len(names) > 1 else ""))
        size = sum(map(item_size, items))
        self.read_units += read_units(size, consistent=request.get("ConsistentRead", False))
        return {"Items": items, "Count": len(items)}

    def _batch_get(self, request: Any) -> Any:
        found: dict[str, list[Any]] = {}
        for name, wanted in request["RequestItems"].items():
            items = [self.tables[name].get(key) for key in wanted["Keys"]]
            for item in items:
                self._read(item, consistent=wanted.get("ConsistentRead", False))
            found[name] = [item for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _batch_write(self, request: Any) -> Any:
        for name, writes in request["RequestItems"].items():
            for write in writes:
                self._put({"TableName": name, "Item": write["PutRequest"]["Item"]})
        return {"UnprocessedItems": {}}

    def _batch_execute(self, request: Any) -> Any:
        return {"Responses": [self._execute(**statement) for statement in request["Statements"]]}

    def _execute(self, Statement: str, Parameters: Sequence[Any]) -> Any:  # noqa: N803 - the API's names
        verb, name, to_set, removed = parsed_statement(Statement)
        table = self.tables[name]
        values = dict(zip(to_set, Parameters, strict=False))
        if verb == "INSERT":
            before = table.get(values)
            if before is not None:
                return self._refuse(name, "DuplicateItem", before)
            self.written[name] += table.put(values, None)
        else:
            pk, sk, version, _id = Parameters[len(to_set) :]
            before = table.get({"pk": pk, "sk": sk})
            if before is None or before["version"] != version:
                return self._refuse(name, "ConditionalCheckFailed", before)
            if verb == "DELETE":
                self.written[name] += table.delete(before)
                return {"TableName": name, "Item": before}
            after = {key: value for key, value in {**before, **values}.items() if key not in removed}
            self.written[name] += table.put(after, before)
        return {"TableName": name}

    def _transact_write(self, request: Any) -> Any:
        # Twice the units, taken to hold for indexes too.
        for action in request["TransactItems"]:
            ((kind, write),) = action.items()
            {"Put": self._put, "Update": self._update, "Delete": self._delete}[kind](write, times=2)
        return {}

    def _refuse(self, table: str, code: str, found: Item | None) -> Any:
        # A write whose condition fails is charged by the size of the item that is there.
        self.written[table] += write_units(item_size(found or {}))
        return {"TableName": table, "Error": {"Code": code, "Message": code}}

    def _read(self, item: Item | None, *, consistent: bool) -> None:
        self.read_units += read_units(item_size(item or {}), consistent=consistent)


@lru_cache(maxsize=256)
def parsed_statement(statement: str) -> tuple[str, str, tuple[str, ...], frozenset[str]]:
    """Verb, table, attributes to set, attributes to remove."""
    verb = statement.partition(" ")[0]
    table = _TABLE.findall(statement)[0]
    if verb == "INSERT":
        return verb, table, tuple(re.findall(r"'([^']+)': \?", statement)), frozenset()
    changes, _, condition = statement.partition(" WHERE ")
    if _CONDITIONS.get(verb) != condition:
        raise NotImplementedError(statement)
    removed = frozenset(re.findall(r'REMOVE "([^"]+)"', changes))
    return verb, table, tuple(re.findall(r'SET "([^"]+)" = \?', changes)), removed


def _updated(item: Item, request: Any) -> dict[str, Any]:
    """The item after an update expression of assignments, sums, defaults, additions and removals."""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    after: dict[str, Any] = dict(item)

    def term(text: str) -> Any:
        default = _IF_NOT_EXISTS(text)
        if default:
            return item.get(names.get(default[1], default[1])) or values[default[2]]
        return values[text] if text.startswith(":") else item[names.get(text, text)]

    parts = _CLAUSES.split(request["UpdateExpression"])
    for clause, body in zip(parts[1::2], parts[2::2], strict=True):
        for change in _COMMA.split(body.strip()):
            left, _, right = change.partition(" = " if clause == "SET" else " ")
            name = names.get(left, left)
            if clause == "REMOVE":
                after.pop(name, None)
            elif clause == "SET":
                terms = [term(each) for each in right.split(" + ")]
                after[name] = terms[0] if len(terms) == 1 else _sum(terms)
            else:
                after[name] = _sum([after.get(name, {"N": "0"}), values[right]])
    return after


def _sum(terms: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {"N": str(sum(int(each["N"]) for each in terms))}
