"""Which path does what: the part of https://api.qdrant.tech that StreamShop uses, and a learner would paste."""

import os
import re
import shutil
import threading

import nearest
from collection import Collection
from problem import Problem, bad_request, not_found

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")

POINT_ROUTES = {
    ("PUT", "index"): Collection.create_index,
    ("PUT", "points"): Collection.upsert,
    ("POST", "points"): Collection.retrieve,
    ("POST", "points/batch"): Collection.update_batch,
    ("POST", "points/delete"): Collection.delete,
    ("POST", "points/scroll"): Collection.scroll,
    ("POST", "points/count"): Collection.count,
    ("POST", "points/query"): nearest.query,
    ("POST", "points/query/batch"): nearest.query_batch,
}


class Routes:
    """All collections of a data folder, by their names."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.collections = {}
        os.makedirs(folder, exist_ok=True)
        for name in sorted(os.listdir(folder)):
            if name.startswith("."):
                shutil.rmtree(os.path.join(folder, name))
            else:
                self.collections[name] = Collection(os.path.join(folder, name))

    def flush(self):
        for collection in list(self.collections.values()):
            collection.flush()

    def close(self):
        for collection in list(self.collections.values()):
            collection.close()

    def answer(self, method, path, body):
        """The `result` of a request. Raises a Problem."""
        parts = path.strip("/").split("/", 2)
        if parts[0] != "collections":
            raise not_found(path)
        if len(parts) == 1:
            return {"collections": [{"name": name} for name in sorted(self.collections)]}
        name, rest = parts[1], parts[2] if len(parts) > 2 else ""
        if not NAME.fullmatch(name):
            raise bad_request("a collection's name has 1 to 100 characters of A-Z, a-z, 0-9, _ and -")
        if rest == "exists":
            return {"exists": name in self.collections}
        if rest:
            return self.answer_points(method, self.find(name), rest)(body)
        return self.answer_collection(method, name, body)

    def answer_points(self, method, collection, rest):
        if (method, rest) in POINT_ROUTES:
            return POINT_ROUTES[(method, rest)].__get__(collection)
        raise not_found(f"{method} {rest} is not among what this server knows")

    def answer_collection(self, method, name, body):
        if method == "GET":
            return self.find(name).info()
        with self.lock:
            if method == "PUT":
                if name in self.collections:
                    raise Problem(409, f"Wrong input: Collection `{name}` already exists!")
                self.collections[name] = Collection.create(os.path.join(self.folder, name), body)
                return True
            if method == "DELETE":
                collection = self.collections.pop(name, None)
                if collection:
                    collection.drop()
                return collection is not None
        raise not_found(f"{method} of a collection is not among what this server knows")

    def find(self, name):
        if name not in self.collections:
            raise not_found(f"Collection `{name}` doesn't exist!")
        return self.collections[name]
