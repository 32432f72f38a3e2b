import type { Plan } from 'neo4j-driver';
import { expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import { openCorner } from './testing.ts';
import { warmUp } from './warm-up.ts';

/** Every operator of a plan with its details, such as `Expand(All) (friend)-[likes:LIKES]->(post)`. */
const stepsOf = ({ operatorType, arguments: args, children }: Plan): string[] => [
  `${operatorType.replace('@neo4j', '')} ${(args as { Details?: string }).Details ?? ''}`,
  ...children.flatMap(stepsOf),
];

test('every statement of a page begins at ids, and walks to what people have done, never to all who have done it', async () => {
  await using corner = await openCorner();
  const calls = await callsDuring(() => warmUp(corner.store));
  expect(calls).toHaveLength(8);
  const joins: string[] = [];
  for (const { statement, parameters } of calls) {
    const { summary } = await corner.store.read(`EXPLAIN ${statement}`, parameters as Record<string, unknown>);
    const steps = stepsOf(summary.plan || expect.fail());
    expect(steps.filter((step) => / ?(Scan|CartesianProduct)/.test(step))).toEqual([]);
    expect(
      steps.some((step) => /^NodeUniqueIndexSeek UNIQUE \w+:User\(id\) /.test(step)),
      statement,
    ).toBe(true);
    joins.push(...steps.filter((step) => step.startsWith('NodeHashJoin')));
    const inwards = steps.filter(
      (step) => step.startsWith('Expand(All)') && !/^Expand\(All\) .*\]->\(\w+\)$/.test(step),
    );
    // But who follows a user: that is what is asked.
    expect(inwards, statement).toHaveLength(statement.includes('(follower:User)') ? 1 : 0);
  }
  // Of two users, whom both follow: each one's own are read, and nobody's followers.
  expect(joins.map((join) => join.trim())).toEqual(['NodeHashJoin friend']);
});
