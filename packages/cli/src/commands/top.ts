import { createRuntime } from '@heddle/node/runtime'
import { errorMessage } from '@heddle/protocol/base'
import type { Client } from '@heddle/sdk'
import { type Command, clientFlags } from '../command.ts'
import { connect } from '../connect.ts'
import { answer } from '../output.ts'
import { followFeed } from '../top/feed.ts'
import { type Live, type Reading, readNode, readPast } from '../top/readings.ts'
import { openScreen } from '../top/screen.ts'
import { drawNode, type Size } from '../top/view.ts'

const everyMs = 1000
const snapshotSize: Size = { columns: 100, rows: 40 }

export const topCommand: Command = {
  name: 'top',
  usage: '',
  summary: 'Watch a node: throughput, latency, backlog, processes, disk, peers (q leaves)',
  flags: Object.fromEntries(Object.entries(clientFlags).filter(([name]) => name !== 'wallet')),
  arguments: [0, 0],
  async run({ flags, signal }) {
    const client = connect(flags)
    const live = await readPast(client, signal)
    const first = await readNode(client, live, signal)
    if (flags.json !== true && process.stdout.isTTY) return watch(client, live, first, signal)
    const { series, ...told } = first
    const text = drawNode(first, undefined, snapshotSize).join('\n')
    answer(flags.json === true, { ...told, metrics: Object.fromEntries(series) }, text)
    return 0
  },
}

/** Draws anew every second until the user leaves. A node that goes away is waited for. */
async function watch(
  client: Client,
  live: Live,
  first: Reading,
  signal: AbortSignal,
): Promise<number> {
  const { timer } = createRuntime()
  const leaving = new AbortController()
  const ended = AbortSignal.any([signal, leaving.signal])
  let before: Reading | undefined
  let now = first
  let trouble = ''
  let isFed = false
  const feed = () => {
    isFed = true
    void followFeed(client, live, ended)
      .catch(() => undefined)
      .finally(() => {
        isFed = false
      })
  }
  const draw = () => {
    const { columns, rows } = screen.size()
    const lines = drawNode(now, before, { columns, rows: rows - 1 })
    while (lines.length < rows - 1) lines.push('')
    screen.draw([...lines, (trouble || 'q leaves').slice(0, columns)])
  }
  const screen = openScreen(() => leaving.abort(), draw)
  try {
    while (!ended.aborted) {
      draw()
      await timer.sleep(everyMs, ended).catch(() => undefined)
      try {
        if (!isFed) feed()
        const next = await readNode(client, live, ended)
        before = now
        now = next
        trouble = ''
      } catch (error) {
        trouble = errorMessage(error)
      }
    }
  } finally {
    screen.close()
  }
  return 0
}
