import { writeFile } from 'node:fs/promises'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { type Given, textFlag } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, print, remark, withProgress } from '../output.ts'

/** `heddle da status`: the storer set, who of it answers, and what a certificate needs. */
export async function statusOfDa({ flags, signal }: Given): Promise<number> {
  const { da } = connect(flags)
  const work = Promise.all([da.status(signal), da.storers({ states: true, signal })])
  const [status, { states = [] }] = await withProgress('asking', work)
  const there = states.filter(({ isReachable }) => isReachable)
  const sum = (pick: (state: (typeof states)[number]) => number | undefined) =>
    there.reduce((total, state) => total + (pick(state) ?? 0), 0)
  const rows = [
    ['storers', `${there.length} of ${status.storers} answer`],
    ['held', `${sum(({ rows }) => rows)} rows, ${sum(({ heldBytes }) => heldBytes)} bytes`],
    ['set', `${status.storerSet}  epoch ${status.epoch}`],
    ['certified', `${status.certificates} blobs known here`],
    ...status.committees.map(({ k, n, faultyRows, certificateRows }) => [
      `k = ${k}`,
      `${n} rows, ${certificateRows} for a certificate, ${faultyRows} may be faulty`,
    ]),
  ]
  const text = rows.map(([name = '', value]) => `${name.padEnd(10)} ${value}`).join('\n')
  answer(flags.json === true, { ...status, states }, text)
  return 0
}

/** `heddle da storers [--out FILE]`: the storer set, as `verify` takes it. Get it from who you trust. */
export async function storersOfDa({ flags, signal }: Given): Promise<number> {
  const storers = await withProgress('asking', connect(flags).da.storers({ signal }))
  const text = `${JSON.stringify(storers, undefined, 2)}\n`
  const out = textFlag(flags, 'out')
  if (out === undefined) {
    print(text.trimEnd())
    return 0
  }
  await writeFile(out, text).catch((cause) => {
    const told = `cannot write ${out}: ${errorMessage(cause)}`
    throw new HeddleError('file-unwritable', 'unavailable', told, { out }, { cause })
  })
  remark(`${storers.storers.length} storers  ${out}`)
  return 0
}
