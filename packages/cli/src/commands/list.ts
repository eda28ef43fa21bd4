import type { Client } from '@heddle/sdk'
import { type Command, clientFlags, numberFlag, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, remark, withProgress } from '../output.ts'

type ProcessRow = {
  process: string
  slots: number
  backlog: number
  stopped: { readonly error: string } | null
}
type Page = {
  readonly total: number
  readonly cursor: string | null
  readonly processes: readonly ProcessRow[]
}

/** Rows of one request. */
const pageRows = 1000

/** The first `limit` processes, page by page. */
async function fetchProcesses(client: Client, limit: number, signal: AbortSignal) {
  const processes: ProcessRow[] = []
  let cursor: string | null = '0'
  let total = 0
  while (cursor !== null && processes.length < limit) {
    const rows = Math.min(pageRows, limit - processes.length)
    const path = `/cu/processes?limit=${rows}&cursor=${encodeURIComponent(cursor)}`
    const page = (await client.transport.get(path, signal)).json() as Page
    processes.push(...page.processes)
    total = page.total
    cursor = page.cursor
  }
  return { total, processes }
}

function describeRow({ process, slots, backlog, stopped }: ProcessRow): string {
  const behind = backlog === 0 ? '' : `  ${backlog} waiting`
  const count = `${slots} ${slots === 1 ? 'slot' : 'slots'}`
  return `${process}  ${count}${behind}${stopped === null ? '' : `  ${stopped.error}`}`
}

export const listCommand: Command = {
  name: 'list',
  usage: 'processes',
  summary: 'List the processes of a node',
  flags: { ...clientFlags, limit: { type: 'string', help: 'COUNT of processes (default 100)' } },
  arguments: [1, 1],
  async run({ values: [what], flags, signal }) {
    if (what !== 'processes') throw usageError(`heddle list ${what}: it lists processes`)
    const limit = numberFlag(flags, 'limit', 100_000) ?? 100
    const reading = fetchProcesses(connect(flags), limit, signal)
    const { total, processes } = await withProgress('reading', reading)
    const json = flags.json === true
    const text = processes.map(describeRow).join('\n') || 'none yet: heddle spawn FILE'
    answer(json, { total, processes }, text)
    if (!json && total > processes.length) remark(`${total - processes.length} more: --limit COUNT`)
    return 0
  },
}
