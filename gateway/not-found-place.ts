import { isNonNullType } from 'graphql';
import { type Operation, type Path, type Place, selectionsOf } from './selections.ts';

/** What an answer does without when a value in it is missing. */
export interface Loss {
  /** The value itself or the nearest thing around it that can be missed; empty for the whole data. */
  path: Path;
  /** It is an item of a list that may not hold null. */
  isLeftOut: boolean;
}

/**
 * What can be missed: whatever may be null (GraphQL specification, section 6.4.4), and any item of a list.
 * @returns a function from a value's path to what is lost with it; null where the operation does not ask for that value
 */
export function lossesOf(operation: Operation): (path: Path) => Loss | null {
  const selections = selectionsOf(operation);
  return (path) => {
    if (!selections) return null;
    let place: Place | null = selections.root;
    let loss: Loss = { path: [], isLeftOut: false };
    for (const [index, key] of path.entries()) {
      place = selections.below(place, key);
      if (!place) return null;
      const isNullable = !isNonNullType(place.type);
      if (isNullable || typeof key === 'number') loss = { path: path.slice(0, index + 1), isLeftOut: !isNullable };
    }
    return loss;
  };
}
