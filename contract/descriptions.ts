import { type ASTNode, Kind, visit } from 'graphql';
import { type Finding, lineOf } from './finding.ts';
import { rootTypes, type Subgraph } from './subgraph.ts';

/** Every type, field, argument, enum value and input field says what it is, in each subgraph that has it. */
export function checkDescriptions(subgraphs: readonly Subgraph[]): Finding[] {
  return subgraphs.flatMap(({ file, typeDefs }) => {
    const findings: Finding[] = [];
    visit(typeDefs, {
      enter(...[node, , , , ancestors]) {
        if (!describable.has(node.kind) || !('description' in node) || node.description) return;
        const names = [...ancestors, node].flatMap((each) => ('name' in each && each.name ? [each.name.value] : []));
        const coordinate = names.join('.');
        if (rootTypes.has(coordinate)) return;
        const hint = 'Say in a sentence what it is, with its unit and bounds.';
        const message = `${coordinate} has no description.`;
        findings.push({ level: 'error', message, hint, coordinate, file, line: lineOf(node) });
      },
    });
    return findings;
  });
}

const describable: ReadonlySet<ASTNode['kind']> = new Set([
  ...[Kind.SCALAR_TYPE_DEFINITION, Kind.OBJECT_TYPE_DEFINITION, Kind.INTERFACE_TYPE_DEFINITION],
  ...[Kind.UNION_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION, Kind.INPUT_OBJECT_TYPE_DEFINITION],
  ...[Kind.FIELD_DEFINITION, Kind.INPUT_VALUE_DEFINITION, Kind.ENUM_VALUE_DEFINITION],
]);
