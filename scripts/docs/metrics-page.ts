import { generatedBy, page, row } from './markdown.ts'

/** Name, kind and meaning of each metric in the text of `/metrics`. */
export function readMetrics(text: string): { name: string; kind: string; meaning: string }[] {
  const meanings = new Map(
    Array.from(text.matchAll(/^# HELP (\S+) (.+)$/gm), ([, name = '', words = '']) => [
      name,
      words,
    ]),
  )
  const kinds = Array.from(text.matchAll(/^# TYPE (\S+) (\w+)$/gm), ([, name = '', kind = '']) => {
    return { name, kind, meaning: meanings.get(name) ?? '' }
  })
  return kinds.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function metricsPage(text: string): string {
  const own = readMetrics(text).filter(({ name }) => name.startsWith('heddle_'))
  return page('Metrics', [
    generatedBy("a node's `/metrics`"),
    'Labels: `journal` names the journal, `room` who answered, `status` the class (`2xx` …). Histograms have `_bucket`,',
    '`_sum` and `_count`. Beside these come prom-client’s `process_…` and `nodejs_…`.',
    '',
    row('name', 'kind', 'means'),
    row('---', '---', '---'),
    ...own.map(({ name, kind, meaning }) => row(`\`${name}\``, kind, meaning)),
  ])
}
