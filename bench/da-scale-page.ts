import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Figure } from './report.ts'

/** Where a run is saved. */
const figuresPath = fileURLToPath(new URL('da-figures.jsonl', import.meta.url))
/** The page that is written from it. */
export const scalePath = fileURLToPath(new URL('../docs/SCALE.md', import.meta.url))

type Figures = ReadonlyMap<string, Figure>

/** The lines of a saved run, by metric. Lines that are no figure of this bench are passed over. */
export function readFigures(path = figuresPath): Figures {
  const lines = readFileSync(path, 'utf8').split('\n')
  const figures = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Figure)
  return new Map(figures.filter(({ bench }) => bench === 'da').map((one) => [one.metric, one]))
}

function figureOf(figures: Figures, metric: string): Figure {
  const figure = figures.get(metric)
  if (figure === undefined) throw new Error(`the saved run has no line ${metric}: run it again`)
  return figure
}

/** GB/s of a blob that a sum is made for. */
const targets = [1, 10, 50] as const
/** GB/s that a link of 10 Gbit/s carries. */
const linkGigabytes = 1.25
const expansion = 3
const coresOfStorer = 4
const smallestCommittee = 24

/** The page. */
export function writeScale(figures: Figures): string {
  return [
    '# What the wide lane takes to carry 1, 10 and 50 GB/s',
    introduction(figures),
    '## Measured',
    measured(figures),
    'MB/s and GB/s without "by the wall" are per CPU-second of one process, its threads together; MB is 10^6 bytes.',
    '## Sums',
    'X is GB/s of blobs; 64 of 192 sends and stores 3X. "Whole" takes the measured whole path, "stages" what the\nstages alone would need, which is where tuning can get.',
    sums(figures),
    sumsNote,
    '## What is ordered',
    'A certificate in compact form has 224 bytes and a bit for each member, 237 at most (spec/05-certificate.md §3).',
    ordered(),
    orderedNote,
    '## What these figures do not say',
    limitsNote,
    '## Where the rest goes',
    restNote,
  ].join('\n\n')
}

function introduction(figures: Figures): string {
  const load = /load ([\d.]+)/.exec(figureOf(figures, 'put').note ?? '')?.[1] ?? 'unknown'
  return (
    'Every figure below is a line of `bench/da-figures.jsonl`, which `npm run bench -- da` printed; `node bench/da-scale.ts`\n' +
    'wrote this page from it, so run the bench on your own machine and do the same. That run was on one machine with two cores\n' +
    `shared with other work (load ${load} at its end): rates by the wall say little there, and the sums use CPU-seconds, best of the rounds.`
  )
}

/** A value with its line, its limit as the line words it, and the ratio of the two. */
function row(figures: Figures, what: string, metric: string): string {
  const { value, unit, peer = 'itself', ratio } = figureOf(figures, metric)
  const part = ratio === undefined ? '' : String(ratio)
  return `| ${what} | \`${metric}\` | ${value} ${unit} | ${peer} | ${part} |`
}

function measured(figures: Figures): string {
  const rows: readonly (readonly [string, string])[] = [
    ['erasure code, 64 of 192', 'encode-64-192-of-memcpy'],
    ['encode, hash, fingerprint (BLAKE3)', 'pipeline-64-192'],
    ['the same with SHA-256', 'pipeline-64-192-sha256'],
    ["a storer's checks (BLAKE3)", 'verify'],
    ['decode, 16 of 64 data rows missing', 'decode-missing-16-of-memcpy'],
    ['decode, 32 missing', 'decode-missing-32-of-memcpy'],
    ['decode, all 64 missing', 'decode-missing-64-of-memcpy'],
    ['lane, sender', 'lane-cpu-own'],
    ['lane, receiver', 'lane-cpu-storers'],
    ['lane, by the wall', 'lane'],
    ["publish, disperser's side, all of it", 'put-cpu-own'],
    ["publish, storers' side, all of it", 'put-cpu-storers'],
    ["read, reader's side, each row checked", 'get-cpu-own'],
    ["read, storers' side", 'get-cpu-storers'],
    ['publish by the wall, all on this machine', 'put'],
    ['read by the wall, all on this machine', 'get'],
    ['durable appends of 4 MiB', 'limit-sync'],
  ]
  // Without a peer beside it a decode line has the limit under its plain name.
  const named = rows.map(([what, metric]) => {
    const plain = metric.replace(/^(decode.*)-of-memcpy$/, '$1')
    return row(figures, what, figures.has(metric) ? metric : plain)
  })
  const head =
    '| | bench line | value | physical limit in the same run | ratio |\n|---|---|---|---|---|'
  return [head, ...named].join('\n')
}

function sums(figures: Figures): string {
  const gigabytes = (metric: string) => {
    const { value, unit } = figureOf(figures, metric)
    return unit.startsWith('GB/s') ? value : value / 1000
  }
  const rates = {
    put: gigabytes('put-cpu-own'),
    storers: gigabytes('put-cpu-storers'),
    pipeline: gigabytes('pipeline-64-192'),
    send: gigabytes('lane-cpu-own'),
    verify: gigabytes('verify'),
    receive: gigabytes('lane-cpu-storers'),
    disk: gigabytes('limit-sync'),
    get: gigabytes('get-cpu-own'),
  }
  const three = (rate: number) => `3X / ${told(rate)}`
  const perStorer = Math.min(coresOfStorer * expansion * rates.storers, rates.disk, linkGigabytes)
  const rows: readonly (readonly [string, string, (x: number) => number])[] = [
    ['encoder cores, whole', `X / ${told(rates.put)}`, (x) => x / rates.put],
    [
      'encoder cores, stages',
      `X / ${told(rates.pipeline)} + ${three(rates.send)}`,
      (x) => x / rates.pipeline + (expansion * x) / rates.send,
    ],
    ['storer cores, whole', `X / ${told(rates.storers)}`, (x) => x / rates.storers],
    [
      'storer cores, stages',
      `${three(rates.verify)} + ${three(rates.receive)}`,
      (x) => (expansion * x) / rates.verify + (expansion * x) / rates.receive,
    ],
    ['disks as this one', three(rates.disk), (x) => (expansion * x) / rates.disk],
    [
      'links of 10 Gbit/s out of encoders, and as many into storers',
      three(linkGigabytes),
      (x) => (expansion * x) / linkGigabytes,
    ],
    ['reader cores, each byte read once', `X / ${told(rates.get)}`, (x) => x / rates.get],
    [
      `storers of ${coresOfStorer} cores, one disk, one link`,
      `3X / min(${coresOfStorer} · 3 · ${told(rates.storers)}, ${told(rates.disk)}, ${linkGigabytes}), at least a committee`,
      (x) => Math.max(smallestCommittee, (expansion * x) / perStorer),
    ],
  ]
  const head = '| | formula | 1 GB/s | 10 GB/s | 50 GB/s |\n|---|---|---|---|---|'
  const lines = rows.map(([what, formula, need]) => {
    const counts = targets.map((x) => Math.ceil(need(x)))
    return `| ${what} | ${formula} | ${counts.join(' | ')} |`
  })
  return [head, ...lines].join('\n')
}

function told(gigabytes: number): string {
  return String(Number(gigabytes.toPrecision(4)))
}

/** Follows from sizes alone. */
function ordered(): string {
  const certificateBytes = 237
  const head = '| blob | 1 GB/s | 10 GB/s | 50 GB/s |\n|---|---|---|---|'
  const lines = [16, 64, 256].map((mebibytes) => {
    const cells = targets.map((x) => {
      const rate = (x * 1e9) / (mebibytes * 2 ** 20)
      return `${Math.ceil(rate)}/s, ${Math.ceil((rate * certificateBytes) / 1000)} kB/s`
    })
    return `| ${mebibytes} MiB | ${cells.join(' | ')} |`
  })
  return [head, ...lines].join('\n')
}

const sumsNote =
  'The last row takes committees of 24 (n = 192) for 1 GB/s, of 24 or more for the rest; from 100 storers on a committee has 100\n' +
  'seats and n = 200, which costs 3.125 bytes for one: 4 % more of each. Encoders are who publishes and share nothing, so their number\n' +
  'is not bounded by the network. Committees are drawn by stake, 256 an epoch, so the rows of all blobs spread over all storers.'

const orderedNote =
  'So the base layer orders hundreds of small records a second where the lane carries 50 GB/s; its own rate in blocks is not\n' +
  'measured by this bench. Small blobs are packed into batches of 1 MiB or 50 ms before they get a certificate.'

const limitsNote =
  '- No run was made with more than one machine, or beyond the two cores; 10 and 50 GB/s are sums, not observations.\n' +
  '- Storers of the bench share one process and one disk; a storer of its own has its own event loop and disk.\n' +
  '- The whole paths are at a half to a third of their stages. The rest is copying, the collector, and the load of the machine,\n' +
  '  which a best round does not remove.'

const restNote =
  'A call to the BLAKE3 addon that returns text costs 1.5 µs less than one that returns a buffer, so a piece of 16 KiB is hashed in\n' +
  'three quarters of the time. A fingerprint takes 16 ciphers for each row of a segment, 4.5 µs each of which 3 are setup: AES-GCM is\n' +
  'created anew for every plane and key. What is left of a publication is the socket (three bytes for one), the copy of the blob into the\n' +
  "encoder's memory, and the collector; of a storer's side, 64 KiB buffers of the socket that are filled once, and the file.\n"
