/**
 * Measures how fast the explorer loads and how smoothly it draws: `node e2e/explorer-frames.ts`. A log of 100,000 slots is
 * scrolled from end to end, and the overview is shown 1,000 events a second. The answers that would take
 * long to bring about are made up here; page, browser and node are real. One JSON line a figure.
 */
import type { SlotBatch, SlotRow } from '@heddle/protocol/api'
import { createClient, generateWallet, walletSigner } from '@heddle/sdk'
import type { Page, Route } from 'playwright-core'
import { launchChromium } from './chromium.ts'
import { newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const rows = 100_000
const scrollMs = 5000
/** A page of a wheel turned fast: 60 frames of it pass 8,000 rows in five seconds. */
const pxPerFrame = 1200
const eventsPerSecond = 1000
const batchesPerSecond = 10

type Figure = {
  readonly bench: string
  readonly framesPerSecond: number
  /** 95 of 100 frames came within this time. */
  readonly intervalHighMs: number
  /** What the page's thread itself worked, whatever else the machine did: below 16.6 a page is smooth. */
  readonly threadMsPerFrame: number
  readonly styleMsPerFrame: number
  readonly layoutMsPerFrame: number
}

/** An event of Chromium's trace; `tdur` is time of the thread, in microseconds. */
type TraceEvent = {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** Lets the page run for a while, scrolling where `px` is not 0, and counts its frames. */
async function measure(page: Page, bench: string, px: number): Promise<Figure> {
  const categories = ['devtools.timeline', 'disabled-by-default-devtools.timeline', '__metadata']
  await browser.startTracing(page, { categories })
  const intervals = await page.evaluate(
    ([ms = 0, step = 0]) =>
      new Promise<number[]>((resolve) => {
        const list = document.querySelector('.rows')
        const found: number[] = []
        const startMs = performance.now()
        let lastMs = startMs
        const draw = (nowMs: number) => {
          found.push(nowMs - lastMs)
          lastMs = nowMs
          list?.scrollBy(0, step)
          if (nowMs - startMs < ms) requestAnimationFrame(draw)
          else resolve(found.slice(1))
        }
        requestAnimationFrame(draw)
      }),
    [scrollMs, px],
  )
  const trace = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] }
  const perFrame = (name: string) => round(threadMs(trace.traceEvents, name) / intervals.length)
  const sorted = intervals.toSorted((a, b) => a - b)
  const spent = intervals.reduce((sum, one) => sum + one, 0)
  return {
    bench,
    framesPerSecond: round((intervals.length * 1000) / spent),
    intervalHighMs: round(sorted[Math.floor(sorted.length * 0.95)] ?? 0),
    threadMsPerFrame: perFrame('RunTask'),
    styleMsPerFrame: perFrame('UpdateLayoutTree'),
    layoutMsPerFrame: perFrame('Layout'),
  }
}

/** Of the busiest page's main thread. */
function threadMs(events: readonly TraceEvent[], name: string): number {
  const mains = events.filter((event) => event.args?.name === 'CrRendererMain')
  const sums = mains.map(({ pid, tid }) =>
    events
      .filter((event) => event.name === name && event.pid === pid && event.tid === tid)
      .reduce((sum, { tdur = 0 }) => sum + tdur, 0),
  )
  return Math.max(0, ...sums) / 1000
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** The log of a process that had 100,000 messages. */
async function fakeLog(page: Page, processId: string): Promise<void> {
  const api = `**/explorer/api/processes/${processId}`
  const facts = { id: processId, name: 'busy', owner: 'o', module: 'm', spawnedMs: 0 }
  const json = (route: Route, body: unknown) => route.fulfill({ json: body })
  await page.route(api, (route) => json(route, { ...facts, slots: rows, evaluated: rows }))
  await page.route(`${api}/slots?*`, (route) => {
    const query = new URL(route.request().url()).searchParams
    const [from, limit] = [Number(query.get('from')), Number(query.get('limit'))]
    const found = Array.from({ length: Math.min(limit, rows - from) }, (_, at) => rowOf(from + at))
    return json(route, { total: rows, rows: found })
  })
}

function rowOf(slot: number): SlotRow {
  const id = String(slot).padStart(43, 'A')
  const outcome = { messages: 1, spawns: 0, assignments: 0, gasUsed: 0, output: `count ${slot}` }
  return { slot, id, action: 'Inc', from: id, timestampMs: slot * 1000, bytes: 100, outcome }
}

/** Feeds the page of a live overview from here: a thousand slots a second of twenty processes. */
async function fakeFeed(page: Page): Promise<void> {
  await page.addInitScript(
    ([events = 0, batches = 0]) => {
      class Feed extends EventTarget {
        onopen: (() => void) | null = null
        onerror: (() => void) | null = null
        readonly #timer: ReturnType<typeof setInterval>
        #slot = 0
        constructor() {
          super()
          setTimeout(() => this.onopen?.(), 10)
          this.#timer = setInterval(() => this.#batch(), 1000 / batches)
        }
        close() {
          clearInterval(this.#timer)
        }
        #tell(name: string, value: unknown) {
          this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(value) }))
        }
        #batch() {
          const atMs = Date.now()
          const made = Array.from({ length: events / batches }, (_, at) => ({
            kind: at % 2 === 0 ? ('scheduled' as const) : ('evaluated' as const),
            processId: String(at % 20).padStart(43, 'P'),
            slot: this.#slot + (at >> 1),
            atMs,
            ...(at % 2 === 0 ? {} : { latencyMs: at % 7 }),
          }))
          const batch: SlotBatch = { events: made, skipped: 0 }
          this.#slot += made.length >> 1
          this.#tell('slots', batch)
          if (this.#slot % (events >> 1) !== 0) return
          const rate = events / 2
          this.#tell('sample', {
            atMs,
            scheduledPerSecond: rate,
            evaluatedPerSecond: rate,
            backlogSlots: this.#slot % 9,
            latencyMedianMs: 1.5,
            latencyHighMs: 6,
            processes: 20,
            height: 5,
            memoryBytes: 2e8,
            diskUsedBytes: 1e9,
            diskFreeBytes: 1e10,
          })
        }
      }
      Object.assign(window, { EventSource: Feed })
    },
    [eventsPerSecond, batchesPerSecond],
  )
}

/** From the click to the overview with its figures, nothing cached. */
async function measureFirstLoad(url: string) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  await page.addInitScript(() => {
    const watching = new MutationObserver(() => {
      if (document.querySelector('.figure-value') === null) return
      performance.mark('interactive')
      watching.disconnect()
    })
    watching.observe(document, { childList: true, subtree: true })
  })
  await page.goto(`${url}/explorer`)
  await page.getByText('live', { exact: true }).waitFor()
  const figure = await page.evaluate(() => {
    const loaded = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
    const scripts = loaded.filter(({ name }) => name.endsWith('.js'))
    return {
      interactiveMs: Math.round(performance.getEntriesByName('interactive')[0]?.startTime ?? 0),
      scriptBytes: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    }
  })
  await context.close()
  return { bench: 'first load', ...figure }
}

const folder = newDataFolder()
const [node, browser] = await Promise.all([startNodeProcess(folder), launchChromium()])
try {
  const client = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
  const { id } = await client.spawn({ source: 'on(() => true, () => {})' })
  const viewport = { width: 1280, height: 900 }

  console.log(JSON.stringify(await measureFirstLoad(node.url)))

  const log = await browser.newPage({ viewport })
  await fakeLog(log, id)
  await log.goto(`${node.url}/explorer/process/${id}`)
  await log.getByRole('link', { name: /^Inc/ }).first().waitFor()
  console.log(JSON.stringify(await measure(log, 'log of 100,000 slots, scrolled', pxPerFrame)))
  await log.close()

  const overview = await browser.newPage({ viewport })
  await fakeFeed(overview)
  await overview.goto(`${node.url}/explorer`)
  await overview.getByText('live', { exact: true }).waitFor()
  console.log(JSON.stringify(await measure(overview, 'overview at 1,000 events a second', 0)))
} finally {
  await browser.close()
  await node.stop()
  removeFolder(folder)
}
