"""The nearest neighbours of vectors and of points."""

import qdrant_edge as edge

from collection import payload_selector, show_point
from filters import read_filter
from ids import read_id, show_id
from problem import bad_request, not_found


def query(collection, body):
    return query_batch(collection, {"searches": [body]})[0]


def query_batch(collection, body):
    """Several queries, in one pass over the vectors."""
    searches = body["searches"]
    nearest = [read_query(search) for search in searches]
    vectors = vectors_of(collection, [point for point in nearest if not isinstance(point, list)])
    requests = [
        request(search, collection.read_vector({"vector": point}) if isinstance(point, list) else vectors[point])
        for search, point in zip(searches, nearest, strict=True)
    ]
    answers = collection.engine().query_batch(edge.QueryBatchRequest(requests))
    triples = zip(searches, nearest, answers, strict=True)
    return [{"points": [show_scored(found) for found in page(*triple)]} for triple in triples]


def read_query(search):
    query = search.get("query")
    if isinstance(query, dict):
        query = query.get("nearest")
    if query is None:
        raise bad_request("query here is a vector, a point's id, or { nearest } with one of them")
    return query if isinstance(query, list) else read_id(query)


def vectors_of(collection, ids):
    """The stored vectors; a point without one has no neighbours either."""
    found = collection.engine().retrieve(list(set(ids)), False, True)
    vectors = {point.id: point.vector for point in found}
    for point in ids:
        if not vectors.get(point):
            raise not_found(f"No point with id {show_id(point)} found")
    return vectors


def request(search, vector):
    offset, limit = page_bounds(search)
    return edge.QueryRequest(
        query=edge.Query.Nearest(vector),
        # A point's own id is no part of it: the engine compares a batch in one pass only where the filters are equal.
        filter=read_filter(search.get("filter")),
        # One more, for the point itself.
        limit=offset + limit + 1,
        score_threshold=search.get("score_threshold"),
        with_payload=payload_selector(search, False),
        with_vector=bool(search.get("with_vector")),
    )


def page_bounds(search):
    return search.get("offset") or 0, search.get("limit") or 10


def page(search, nearest, found):
    """What a query asked for, of what was found. What is like a point is another point."""
    offset, limit = page_bounds(search)
    others = [point for point in found if isinstance(nearest, list) or point.id != nearest]
    return others[offset : offset + limit]


def show_scored(point):
    return {**show_point(point), "version": point.version, "score": point.score}
