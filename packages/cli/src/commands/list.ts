import type { Client } from '@heddle/sdk'
import { type Command, clientFlags, numberFlag, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, remark, withProgress } from '../output.ts'

type ProcessRow = {
  process: string
  slots: number
  backlog: number
  stopped: string | null
}
type Page = { readonly total: number; readonly processes: readonly ProcessRow[] }

async function fetchProcesses(client: Client, limit: number, signal: AbortSignal): Promise<Page> {
  const answered = await client.transport.get(`/cu/processes?limit=${limit}`, signal)
  return answered.json() as Page
}

function describeRow({ process, slots, backlog, stopped }: ProcessRow): string {
  const behind = backlog === 0 ? '' : `  ${backlog} waiting`
  const count = `${slots} ${slots === 1 ? 'slot' : 'slots'}`
  return `${process}  ${count}${behind}${stopped === null ? '' : `  ${stopped}`}`
}

export const listCommand: Command = {
  name: 'list',
  usage: 'processes',
  summary: 'List the processes of a node',
  flags: { ...clientFlags, limit: { type: 'string', help: 'COUNT of processes (default 100)' } },
  arguments: [1, 1],
  async run({ values: [what], flags, signal }) {
    if (what !== 'processes') throw usageError(`heddle list ${what}: it lists processes`)
    const limit = numberFlag(flags, 'limit', 1000) ?? 100
    const reading = fetchProcesses(connect(flags), limit, signal)
    const { total, processes } = await withProgress('reading', reading)
    const json = flags.json === true
    const text = processes.map(describeRow).join('\n') || 'none yet: heddle spawn FILE'
    answer(json, { total, processes }, text)
    if (!json && total > processes.length) remark(`${total - processes.length} more: --limit COUNT`)
    return 0
  },
}
