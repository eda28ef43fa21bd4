import { writeFile } from 'node:fs/promises'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import type { StorerDirectoryJson } from '@heddle/protocol/certificate'
import { registeredStorers } from '@heddle/sdk'
import { type Flags, type Given, numberFlag, textFlag } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, print, remark, withProgress } from '../output.ts'

/** Some ten years. */
const secondsMax = 315_360_000

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

/**
 * `heddle da storers [--authority ADDRESS] [--out FILE]`: the storer set, as `verify` takes it: that which
 * the node is told of, or with an authority that which the base layer has for an epoch.
 */
export async function storersOfDa({ flags, signal }: Given): Promise<number> {
  const storers = await withProgress('asking', readStorers(flags, signal))
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

async function readStorers(flags: Flags, signal: AbortSignal): Promise<StorerDirectoryJson> {
  const client = connect(flags)
  const authority = textFlag(flags, 'authority')
  if (authority === undefined) return client.da.storers({ signal })
  const epochSeconds = numberFlag(flags, 'epoch-seconds', secondsMax)
  const height = numberFlag(flags, 'height', Number.MAX_SAFE_INTEGER)
  // Loaded here, since most commands need no engines.
  const { nativeBls: bls } = await import('@heddle/node/da')
  return registeredStorers(client, {
    authority,
    bls,
    signal,
    ...(epochSeconds === undefined ? {} : { epochSeconds }),
    ...(height === undefined ? {} : { height }),
  })
}
