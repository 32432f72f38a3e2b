"""Filters: from Qdrant's JSON (https://qdrant.tech/documentation/concepts/filtering/) to the engine's.

What is not here (booleans, geo, full text, nested objects, values_count) is refused, never ignored: a filter that silently lets
everything through would be worse than none.
"""

import qdrant_edge as edge

from ids import read_id
from problem import bad_request


def read_filter(given):
    """The engine's filter; None where none was given."""
    if given is None:
        return None
    clauses = {name: read_clause(given[name]) for name in ("must", "should", "must_not") if given.get(name) is not None}
    refuse_others(given, {"must", "should", "must_not"}, "filter")
    return edge.Filter(**clauses)


def read_clause(given):
    return [read_condition(condition) for condition in (given if isinstance(given, list) else [given])]


def read_condition(given):
    if "key" in given:
        return read_field_condition(given)
    if "has_id" in given:
        return edge.HasIdCondition({read_id(point) for point in given["has_id"]})
    if "has_vector" in given:
        return edge.HasVectorCondition(given["has_vector"])
    if "is_empty" in given:
        return edge.IsEmptyCondition(given["is_empty"]["key"])
    if "is_null" in given:
        return edge.IsNullCondition(given["is_null"]["key"])
    return read_filter(given)


def read_field_condition(given):
    refuse_others(given, {"key", "match", "range"}, "condition")
    if given.get("match") is not None:
        return edge.FieldCondition(given["key"], match=read_match(given["match"]))
    if given.get("range") is not None:
        return edge.FieldCondition(given["key"], range=read_range(given["range"]))
    raise bad_request("a condition needs match or range")


MATCHES = {"value": edge.MatchValue, "any": edge.MatchAny, "except": edge.MatchExcept}


def read_match(given):
    for name, match in MATCHES.items():
        if name in given:
            wanted = given[name] if isinstance(given[name], list) else [given[name]]
            # qdrant-edge-py 0.9.0 takes True for 1 and False for 0, which no boolean equals.
            if any(isinstance(value, bool) for value in wanted):
                raise bad_request("this server cannot match booleans")
            return match(given[name])
    raise bad_request(f"match needs one of {', '.join(MATCHES)}")


def read_range(given):
    refuse_others(given, {"gt", "gte", "lt", "lte"}, "range")
    bounds = {name: bound for name, bound in given.items() if bound is not None}
    of_times = any(isinstance(bound, str) for bound in bounds.values())
    return (edge.RangeDateTime if of_times else edge.RangeFloat)(**bounds)


def refuse_others(given, known, what):
    others = sorted(set(given) - known)
    if others:
        raise bad_request(f"a {what} here takes {', '.join(sorted(known))}; not {', '.join(others)}")
