import type { QueryPlan } from '@apollo/query-planner';
import { roundsOf } from './plan-rounds.ts';
import { fetchKey } from './request.ts';
import { planTree } from './xray-plan.ts';

/**
 * Lets fetches of one round that ask the same store begin together, so that their keys become one query. The first to come waits
 * for the others. That seldom costs the answer anything, as it is complete only when the last of them is; where the first one has
 * rounds behind it and the last has none, it costs what these take.
 */
export interface Rounds {
  /**
   * A fetch is about to begin; to be told of its end with the function that it gives.
   * @param key its `fetchKey`
   * @param shares whether it shares its keys with others; behind HTTP each fetch is a request of its own, and waits for nobody
   */
  begin(key: string, shares: boolean): Promise<() => void>;
}

/** A store that hangs must not use up the time that later rounds have. */
const longestWaitMs = 200;

/** The fetches of a plan that go by one key; nearly always one. */
interface Planned {
  count: number;
  /** The fetches that must end before this one begins. */
  before: Set<string>;
  /** Those that ask the same store in the same round, itself among them. */
  companions: Map<string, Planned>;
}

/** Plans are cached, and so is what is known of them. */
const known = new WeakMap<QueryPlan, ReadonlyMap<string, Planned>>();

/**
 * @param storeless the subgraphs that only compute
 * @returns undefined where no round of the plan asks a store twice
 */
export function startRounds(plan: QueryPlan, storeless: ReadonlySet<string>): Rounds | undefined {
  const planned = known.get(plan) ?? plannedOf(plan, storeless);
  known.set(plan, planned);
  if (planned.size === 0) return undefined;

  const arrived = new Map<string, number>();
  const running = new Map<string, number>();
  const held = new Set<{ companions: Map<string, Planned>; release(): void }>();
  const add = (counts: Map<string, number>, key: string, by: number) => counts.set(key, (counts.get(key) ?? 0) + by);
  /** One whose lists stay empty never comes: it may come only while something before it runs. */
  const mayCome = ([key, { count, before }]: [string, Planned]) =>
    (arrived.get(key) ?? 0) < count && [...before].some((other) => (running.get(other) ?? 0) > 0);
  let isChecking = false;
  // The executor begins what comes next in the turn in which the one before has ended.
  const check = () => {
    if (isChecking || held.size === 0) return;
    isChecking = true;
    setImmediate(() => {
      isChecking = false;
      for (const one of held) if (![...one.companions].some(mayCome)) one.release();
    });
  };
  const companionsCome = (companions: Map<string, Planned>) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => one.release(), longestWaitMs);
      const one = {
        companions,
        release() {
          clearTimeout(timer);
          held.delete(one);
          resolve();
        },
      };
      held.add(one);
      check();
    });

  return {
    async begin(key, shares) {
      add(arrived, key, 1);
      add(running, key, 1);
      const companions = planned.get(key)?.companions;
      if (shares && companions) await companionsCome(companions);
      return () => {
        add(running, key, -1);
        check();
      };
    },
  };
}

/** The fetches that have companions. */
function plannedOf(plan: QueryPlan, storeless: ReadonlySet<string>): ReadonlyMap<string, Planned> {
  const cohorts = new Map<string, Map<string, Planned>>();
  const plannedTree = planTree(plan, () => null);
  for (const { fetch, round, before } of roundsOf(plannedTree, storeless)) {
    if (storeless.has(fetch.subgraph)) continue;
    const cohort = `${round} ${fetch.subgraph}`;
    const companions = cohorts.get(cohort) ?? new Map<string, Planned>();
    cohorts.set(cohort, companions);
    const key = fetchKey(fetch);
    const same = companions.get(key);
    const all = new Set([...(same?.before ?? []), ...before]);
    companions.set(key, { count: (same?.count ?? 0) + 1, before: all, companions });
  }
  const fetches = [...cohorts.values()].filter(({ size }) => size > 1).flatMap((companions) => [...companions]);
  return new Map(fetches);
}
