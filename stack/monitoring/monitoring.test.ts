import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../../gateway/registry.ts';
import { measureSubgraphs } from '../../gateway/subgraph-metrics.ts';
import { ask, settings, until } from '../../test/harness.ts';
import { metricsUrls, readSamples, type Sample, scrapeFrom } from '../../test/scrape.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}
const rules: Rule[] = parse(read('alerts.yml')).groups.flatMap((group: { rules: Rule[] }) => group.rules);

interface Panel {
  id: number;
  title: string;
  type: string;
  description?: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig: { defaults: { unit?: string } };
  targets?: { expr: string; legendFormat: string }[];
}
const dashboard: { schemaVersion: number; panels: Panel[]; templating: { list: { name: string; type: string }[] } } =
  JSON.parse(read('dashboard.json'));
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
/** As Grafana asks: its variables stand for durations. */
const asAsked = (expr: string) => expr.replaceAll('$__rate_interval', '5m');

/** What Prometheus itself adds to every series that it scrapes. */
const labelsOfTargets = ['job', 'instance'];
let labelsByMetric: Map<string, Map<string, Set<string>>>;

beforeAll(async () => {
  // Something of everything, the errors too.
  await ask('query MoviePage { movie(id: "m101") { title } }');
  await ask('{ noSuchField }');
  const urls = metricsUrls(settings);
  const samples = await until('every source of the workers has told', async () => {
    const ofWorkers = await scrapeFrom(urls.workers);
    const isWhole = ofWorkers.every(({ name, value }) => name !== 'streamshop_fanout_scrape_ok' || value === 1);
    return isWhole ? [...(await scrapeFrom(urls.gateway)), ...ofWorkers] : null;
  });
  // Here every subgraph is in process: what the gateway would tell of one that is not.
  measureSubgraphs(['postgres']);
  labelsByMetric = byMetric([...samples, ...readSamples(await registry.metrics())]);
  labelsByMetric.set('up', new Map());
  for (const labels of labelsByMetric.values()) {
    labels.set('job', new Set(['gateway', 'workers']));
    labels.set('instance', new Set());
  }
});

function byMetric(samples: readonly Sample[]) {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const { name, labels } of samples) {
    const known = found.get(name) ?? new Map<string, Set<string>>();
    found.set(name, known);
    for (const [label, value] of Object.entries(labels)) {
      const values = known.get(label) ?? new Set();
      known.set(label, values.add(value));
    }
  }
  return found;
}

/** What is wrong with an expression, measured by what is really scraped. */
function problemsOf(expr: string): string[] {
  const problems: string[] = [];
  const text = ({ from, to }: { from: number; to: number }) => expr.slice(from, to);
  const tree = parser.parse(expr);
  let metric: Map<string, Set<string>> | undefined;
  const metrics: Map<string, Set<string>>[] = [];
  tree.iterate({
    enter: ({ type, node }) => {
      if (type.isError) problems.push(`does not parse at ${node.from}`);
      if (type.name === 'VectorSelector') {
        const name = text(node.getChild('Identifier') ?? node);
        metric = labelsByMetric.get(name);
        if (metric) metrics.push(metric);
        else problems.push(`nobody tells ${name}`);
      }
      if (type.name === 'UnquotedLabelMatcher') {
        const label = text(node.firstChild ?? node);
        const values = metric?.get(label);
        if (!values) return void problems.push(`no label ${label}`);
        const value = text(node.getChild('StringLiteral') ?? node).slice(1, -1);
        const isExact = node.getChild('MatchOp')?.getChild('EqlSingle');
        if (isExact && !values.has(value)) problems.push(`never ${label}="${value}"`);
      }
    },
  });
  for (const label of groupingOf(expr)) {
    if (!metrics.some((labels) => labels.has(label))) problems.push(`no label ${label} to group by`);
  }
  return problems;
}

/** The labels that an expression groups by. */
function groupingOf(expr: string): string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, node }) => {
      if (type.name !== 'GroupingLabels') return;
      for (const label of node.getChildren('LabelName')) found.push(expr.slice(label.from, label.to));
    },
  });
  return found;
}

/** The labels that a text shows, such as `{{store}}` in a legend and `{{ $labels.store }}` in an alert. */
const labelsIn = (text: string): string[] =>
  [...text.matchAll(/\{\{\s*(?:\$labels\.)?(?<label>[a-z_]+)\s*\}\}/g)].flatMap(({ groups }) => groups?.label ?? []);

/** The labels that a result can have: those that it is grouped by, or all of its metric where it is not. */
function labelsOfResult(expr: string): string[] {
  const grouping = groupingOf(expr);
  const isGrouped = grouping.length > 0 || /^\s*sum\s*\(/.test(expr);
  if (isGrouped) return grouping;
  const names = expr.match(/[a-z_:]{2,}/g) ?? [];
  return [...labelsOfTargets, ...names.flatMap((name) => [...(labelsByMetric.get(name)?.keys() ?? [])])];
}

describe('the alert rules', () => {
  test('each asks only for what is scraped', () => {
    expect(rules.length).toBeGreaterThan(10);
    for (const { alert, expr } of rules) expect(problemsOf(expr), alert).toEqual([]);
  });

  test('each says since when, how bad it is, what has happened and what to do', () => {
    for (const rule of rules) {
      expect(rule.for, rule.alert).toMatch(/^\d+[sm]$/);
      expect(['warning', 'critical'], rule.alert).toContain(rule.labels.severity);
      expect(rule.annotations.description.length, rule.alert).toBeGreaterThan(60);
      const shown = labelsIn(Object.values(rule.annotations).join(' '));
      for (const label of shown) expect(labelsOfResult(rule.expr), rule.alert).toContain(label);
    }
  });

  test('what is no PromQL, or asks for what nobody tells, would be found', () => {
    expect(problemsOf('sum by (store (rate(streamshop_store_calls_total[5m]))')).not.toEqual([]);
    expect(problemsOf('streamshop_store_queries_total > 1')).toEqual(['nobody tells streamshop_store_queries_total']);
    expect(problemsOf('sum by (shop) (streamshop_store_calls_total)')).toEqual(['no label shop to group by']);
    expect(problemsOf('streamshop_breaker_state{state="ajar"}')).toEqual(['never state="ajar"']);
    expect(problemsOf('streamshop_breaker_state{shop="redis"}')).toEqual(['no label shop']);
  });
});

describe('the dashboard', () => {
  test('has its rows in order, and each panel a unit, a description and the datasource of the variable', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Stores',
      'Operations',
      'Fan-out',
      'Processes',
    ]);
    expect(dashboard.templating.list).toMatchObject([{ name: 'datasource', type: 'datasource' }]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { title, description, datasource, fieldConfig } of panels) {
      expect(description, title).toBeTruthy();
      expect(fieldConfig.defaults.unit, title).toBeTruthy();
      expect(datasource?.uid, title).toMatch(/^\$\{datasource\}$/);
    }
  });

  test('lays no panel over another', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });

  test('each panel asks only for what is scraped, and names its lines by labels that they have', () => {
    for (const { title, targets = [] } of panels) {
      expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr, legendFormat } of targets) {
        expect(problemsOf(asAsked(expr)), title).toEqual([]);
        for (const label of labelsIn(legendFormat)) expect(labelsOfResult(asAsked(expr)), title).toContain(label);
      }
    }
  });
});
