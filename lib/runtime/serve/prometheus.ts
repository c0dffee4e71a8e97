/** Counters and gauges in the text format of Prometheus (prometheus.io/docs/instrumenting/exposition_formats). */

type Labels = Record<string, string>;

interface Family {
  help: string;
  type: 'counter' | 'gauge';
  /** By rendered labels. */
  values: Map<string, number>;
}

export interface Metrics {
  /** Adds to a counter; the labels' values must come from a small fixed set. */
  count(name: string, labels?: Labels, by?: number): void;
  /** The whole text; gauges are asked for now. */
  render(): string;
}

/**
 * @param counters name to help text; names end in `_total`
 * @param gauges name to help text and how to read it
 */
export function openMetrics(
  counters: Record<string, string>,
  gauges: Record<string, { help: string; read: () => number | undefined }>,
): Metrics {
  const families = new Map<string, Family>(
    Object.entries(counters).map(([name, help]) => [name, { help, type: 'counter', values: new Map() }]),
  );
  return {
    count(name, labels = {}, by = 1) {
      const family = families.get(name);
      if (!family) throw new Error(`there is no counter ${name}`);
      const key = renderLabels(labels);
      family.values.set(key, (family.values.get(key) ?? 0) + by);
    },
    render() {
      const read = Object.entries(gauges).map(([name, { help, read: value }]): [string, Family] => {
        const now = value();
        return [name, { help, type: 'gauge', values: new Map(now === undefined ? [] : [['', now]]) }];
      });
      return [...families, ...read].map(([name, family]) => renderFamily(name, family)).join('');
    },
  };
}

function renderFamily(name: string, { help, type, values }: Family): string {
  const lines = [...values].map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escapeOne)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeOne(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
