import { createRuntime } from '@heddle/node/runtime'
import { HeddleError } from '@heddle/protocol/base'
import { type Given, idArgument, textFlag, usageError } from '../command.ts'
import { checkUrl, connect } from '../connect.ts'
import { readInput } from '../file.ts'
import { answer, remark } from '../output.ts'
import { createProgressBar } from './da-progress.ts'

type Report = {
  readonly slots: number
  readonly rollups: number
  readonly scheduler: string
  readonly hosting: 'continues' | 'read-only'
  readonly checkedTo?: number
  readonly equal?: boolean
  readonly resultChain?: string
  readonly differsAt?: { readonly fromSlot: number; readonly toSlot: number }
}

type State = {
  readonly state: 'taking' | 'running' | 'done' | 'failed'
  readonly slots: number
  readonly evaluated: number
  readonly report?: Report
  readonly error?: string
  readonly code?: string
}

const pollMs = 200

/** `heddle store recover PROCESS`: has the node rebuild a process, and tells what that gave. */
export async function recoverProcess(process: string, given: Given): Promise<number> {
  const { flags, signal } = given
  const path = `/rollup/${idArgument('process', process)}`
  const { transport } = connect(flags)
  const from = textFlag(flags, 'from')
  const bundles = Array.isArray(flags.bundle) ? flags.bundle.map(String) : []
  if (from !== undefined && bundles.length > 0) {
    throw usageError('heddle store recover: give --from URL or --bundle FILE, not both')
  }
  for (const file of bundles) {
    const bytes = new Uint8Array(await readInput(file))
    await transport.post(`${path}/bundle`, bytes, 'application/octet-stream', signal)
    remark(`verified ${file}`)
  }
  const scheduler = textFlag(flags, 'scheduler')
  const source = bundles.length > 0 ? null : from && checkUrl(from)
  const body = JSON.stringify({ from: source, scheduler })
  await transport.post(`${path}/recovery`, body, 'application/json', signal)
  const { timer } = createRuntime()
  const bar = createProgressBar('evaluating')
  try {
    for (;;) {
      const state = (await transport.get(`${path}/recovery`, signal)).json() as State
      if (state.state === 'failed') {
        const text = state.error ?? 'the recovery failed'
        throw new HeddleError(state.code ?? 'recovery-failed', 'invalid', text, { process })
      }
      if (state.report !== undefined) return tell(state.report, given, () => bar.end())
      bar.show(state.evaluated, state.slots)
      await timer.sleep(pollMs, signal)
    }
  } finally {
    bar.end()
  }
}

function tell(report: Report, { flags }: Given, before: () => void): number {
  before()
  const { slots, rollups, checkedTo, equal, resultChain, differsAt, hosting, scheduler } = report
  const lines = [`${slots} slots from ${rollups} rollups, every signature and the chain verified`]
  if (equal === undefined) lines.push('the rollups state no results: nothing to compare with')
  else if (equal) lines.push(`results equal up to slot ${checkedTo}: chain ${resultChain}`)
  else {
    const { fromSlot = 0, toSlot = 0 } = differsAt ?? {}
    const where = fromSlot === toSlot ? `slot ${fromSlot}` : `slots ${fromSlot} to ${toSlot}`
    lines.push(`RESULTS DIFFER from what ${scheduler} rolled up, first at ${where}`)
  }
  const isOwn = hosting === 'continues'
  lines.push(isOwn ? 'this node goes on with the log' : `read-only: ${scheduler} schedules it`)
  answer(flags.json === true, report, lines.join('\n'))
  return equal === false ? 1 : 0
}
