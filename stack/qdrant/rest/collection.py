"""One collection: a shard of Qdrant's engine, and what REST asks of it."""

import json
import os
import shutil
import threading

import qdrant_edge as edge

from filters import read_filter
from ids import read_id, show_id
from problem import Problem, bad_request

DISTANCES = {"Cosine": edge.Distance.Cosine, "Dot": edge.Distance.Dot, "Euclid": edge.Distance.Euclid}
FIELD_TYPES = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
    "datetime": edge.PayloadSchemaType.Datetime,
    "uuid": edge.PayloadSchemaType.Uuid,
}
FIELD_TYPE_NAMES = {str(known): name for name, known in FIELD_TYPES.items()}

# The one vector of a point has no name of its own.
THE_VECTOR = ""
# Beside the engine's files: how the collection was made.
DEFINITION = "collection.json"


class Collection:
    """An open collection. The engine writes to its write-ahead log before an update returns."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, DEFINITION), encoding="utf-8") as file:
            self.definition = json.load(file)
        self.size = self.definition["vectors"]["size"]
        self.shard = edge.EdgeShard.load(folder, None)
        self.lock = threading.RLock()
        self.is_open = True
        self.is_flushed = True
        self.operations = 0

    @staticmethod
    def create(folder, definition):
        """Makes a collection; after a crash it is there whole, or not at all."""
        vectors = definition.get("vectors") or {}
        if not isinstance(vectors.get("size"), int) or vectors.get("distance") not in DISTANCES:
            raise bad_request(f"vectors needs a size, and a distance of {', '.join(DISTANCES)}")
        fresh = hidden(folder)
        shutil.rmtree(fresh, ignore_errors=True)
        os.makedirs(fresh)
        parameters = edge.EdgeVectorParams(size=vectors["size"], distance=DISTANCES[vectors["distance"]])
        edge.EdgeShard.create(fresh, edge.EdgeConfig(vectors=parameters)).close()
        with open(os.path.join(fresh, DEFINITION), "w", encoding="utf-8") as file:
            json.dump({"vectors": vectors}, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, folder)
        return Collection(folder)

    def drop(self):
        with self.lock:
            self.close()
            gone = hidden(self.folder)
            shutil.rmtree(gone, ignore_errors=True)
            os.rename(self.folder, gone)
        shutil.rmtree(gone)

    def flush(self):
        """Writes what is only in memory to the segments, which lets the write-ahead log be cut."""
        with self.lock:
            if self.is_open and not self.is_flushed:
                self.shard.flush()
                self.is_flushed = True

    def close(self):
        with self.lock:
            self.flush()
            self.is_open = False
            self.shard.close()

    def engine(self):
        if not self.is_open:
            raise Problem(503, "Service unavailable: the collection is closed")
        return self.shard

    def apply(self, *operations):
        """Applies updates one after another, with nobody else's between them."""
        with self.lock:
            shard = self.engine()
            for operation in operations:
                self.is_flushed = False
                shard.update(operation)
            self.operations += 1
            return {"operation_id": self.operations, "status": "completed"}

    # Updates

    def upsert(self, body):
        return self.apply(self.upsert_operation(body))

    def upsert_operation(self, body):
        points = [self.read_point(point) for point in read_points(body)]
        return edge.UpdateOperation.upsert_points(points, read_filter(body.get("update_filter")))

    def read_point(self, point):
        return edge.Point(read_id(point["id"]), self.read_vector(point), point.get("payload"))

    def read_vector(self, point):
        vector = point["vector"]
        # A point without a vector: it can be read by its id, and no search finds it.
        if vector == {}:
            return {}
        if not isinstance(vector, list):
            raise bad_request("a vector here is a list of numbers, or {} for none")
        if len(vector) != self.size:
            raise bad_request(f"Vector dimension error: expected dim: {self.size}, got {len(vector)}")
        return vector

    def delete(self, body):
        return self.apply(self.delete_operation(body))

    def delete_operation(self, body):
        if "points" in body:
            return edge.UpdateOperation.delete_points([read_id(point) for point in body["points"]])
        return edge.UpdateOperation.delete_points_by_filter(read_filter(body["filter"]))

    def update_batch(self, body):
        """Several updates in their order; each answers for itself."""
        makers = {"upsert": self.upsert_operation, "delete": self.delete_operation}
        operations = []
        for operation in body["operations"]:
            [(name, given)] = operation.items()
            if name not in makers:
                raise bad_request(f"an operation here is one of {', '.join(makers)}")
            operations.append(makers[name](given))
        result = self.apply(*operations)
        return [result for _ in operations]

    def create_index(self, body):
        schema = body["field_schema"]
        name = schema if isinstance(schema, str) else schema["type"]
        if name not in FIELD_TYPES:
            raise bad_request(f"field_schema here is one of {', '.join(FIELD_TYPES)}")
        return self.apply(edge.UpdateOperation.create_field_index(body["field_name"], FIELD_TYPES[name]))

    # Reads

    def info(self):
        info = self.engine().info()
        schema = {
            name: {"data_type": FIELD_TYPE_NAMES[str(index.data_type)], "points": index.points}
            for name, index in info.payload_schema.items()
        }
        parameters = {"vectors": self.definition["vectors"], "shard_number": 1, "replication_factor": 1}
        return {
            "status": "green",
            "optimizer_status": "ok",
            "points_count": info.points_count,
            "indexed_vectors_count": info.indexed_vectors_count,
            "segments_count": info.segments_count,
            "payload_schema": schema,
            "config": {"params": parameters},
        }

    def retrieve(self, body):
        ids = [read_id(point) for point in body["ids"]]
        found = self.engine().retrieve(ids, payload_selector(body, True), bool(body.get("with_vector")))
        return [show_point(point) for point in found]

    def scroll(self, body):
        offset = body.get("offset")
        request = edge.ScrollRequest(
            offset=None if offset is None else read_id(offset),
            limit=body.get("limit") or 10,
            filter=read_filter(body.get("filter")),
            with_payload=payload_selector(body, True),
            with_vector=bool(body.get("with_vector")),
        )
        points, following = self.engine().scroll(request)
        return {
            "points": [show_point(point) for point in points],
            "next_page_offset": None if following is None else show_id(following),
        }

    def count(self, body):
        request = edge.CountRequest(filter=read_filter(body.get("filter")), exact=body.get("exact", True))
        return {"count": self.engine().count(request)}


def hidden(folder):
    """A name beside the folder for what is not whole yet, or no longer; the next start removes it."""
    return os.path.join(os.path.dirname(folder), f".{os.path.basename(folder)}")


def read_points(body):
    """Points one by one, also where a batch gives them by columns."""
    if "batch" not in body:
        return body["points"]
    batch = body["batch"]
    payloads = batch.get("payloads") or [None] * len(batch["ids"])
    columns = zip(batch["ids"], batch["vectors"], payloads, strict=True)
    return [{"id": point, "vector": vector, "payload": payload} for point, vector, payload in columns]


def payload_selector(body, by_default):
    wanted = body.get("with_payload", by_default)
    if isinstance(wanted, list):
        return edge.PayloadSelector.Include(wanted)
    if isinstance(wanted, dict):
        if "include" in wanted:
            return edge.PayloadSelector.Include(wanted["include"])
        return edge.PayloadSelector.Exclude(wanted["exclude"])
    return by_default if wanted is None else wanted


def show_point(point):
    shown = {"id": show_id(point.id)}
    if point.payload is not None:
        shown["payload"] = point.payload
    if point.vector is not None:
        shown["vector"] = point.vector
    return shown
