import { type DocumentNode, Kind, print } from 'graphql';

/**
 * Every element of a schema document under its coordinate (GraphQL specification, section 3.13 "Schema Coordinates"), with its
 * type; what federation adds by itself is left out.
 */
export function schemaCoordinates({ definitions }: DocumentNode): Map<string, string> {
  const coordinates = new Map<string, string>();
  for (const type of definitions) {
    if (!('name' in type) || !type.name || type.name.value.includes('__')) continue;
    const typeName = type.name.value;
    switch (type.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.OBJECT_TYPE_EXTENSION:
      case Kind.INTERFACE_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_EXTENSION:
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      case Kind.INPUT_OBJECT_TYPE_EXTENSION:
        for (const field of type.fields ?? []) {
          const coordinate = `${typeName}.${field.name.value}`;
          coordinates.set(coordinate, print(field.type));
          const args = 'arguments' in field ? (field.arguments ?? []) : [];
          for (const arg of args) coordinates.set(`${coordinate}(${arg.name.value}:)`, print(arg.type));
        }
        break;
      case Kind.ENUM_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_EXTENSION:
        for (const { name } of type.values ?? []) coordinates.set(`${typeName}.${name.value}`, 'value');
        break;
    }
  }
  return coordinates;
}

/** How one schema differs from another, a line each: `+` is new, `-` is gone, `~` has another type. */
export function schemaChanges(before: DocumentNode, after: DocumentNode): string[] {
  const [old, now] = [schemaCoordinates(before), schemaCoordinates(after)];
  const gone = [...old.keys()].filter((coordinate) => !now.has(coordinate)).map((coordinate) => `- ${coordinate}`);
  const others = [...now].flatMap(([coordinate, type]) => {
    const was = old.get(coordinate);
    if (was === type) return [];
    return [was === undefined ? `+ ${coordinate}` : `~ ${coordinate}: ${was} is now ${type}`];
  });
  return [...gone, ...others];
}
