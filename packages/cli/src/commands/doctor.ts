import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseNodeOptions, readClientEnvironment, readEnvironment } from '@heddle/node/config'
import { type Command, clientFlags, type Flags, textFlag } from '../command.ts'
import { connect } from '../connect.ts'
import { describeFindings, type Finding } from '../doctor/finding.ts'
import { lookAtNode, lookAtPeers } from '../doctor/look-at-node.ts'
import type { Place } from '../doctor/look-here.ts'
import { answer, withProgress } from '../output.ts'
import { nodeFlags } from '../start-node.ts'

const { data, host, port, key, peer } = nodeFlags
const placeFlags = Object.fromEntries(
  Object.entries({ data, host, port, key, peer }).flatMap(([name, flag]) =>
    flag === undefined ? [] : [[name, flag] as const],
  ),
)

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '',
  summary: 'Check disk, lock, port, keys, clocks, versions and modules, and say what to do',
  flags: { ...clientFlags, ...placeFlags },
  arguments: [0, 0],
  async run({ flags, signal }) {
    const findings = await withProgress('looking', examine(flags, signal))
    const isWell = findings.every(({ state }) => state !== 'fault')
    answer(flags.json === true, { ok: isWell, findings }, describeFindings(findings))
    return isWell ? 0 : 1
  },
}

/** This machine, and the node at the URL if one answers there; that none does is no fault. */
async function examine(flags: Flags, signal: AbortSignal): Promise<Finding[]> {
  const given = Object.fromEntries(
    Object.keys(placeFlags).map((name) => [name, textFlag(flags, name)]),
  )
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  const options = parseNodeOptions({ ...readEnvironment(), ...Object.fromEntries(set) })
  const asked = textFlag(flags, 'url') ?? readClientEnvironment().url
  const local = `http://${options.host === '0.0.0.0' ? '127.0.0.1' : options.host}:${options.port}`
  const client = connect({ ...flags, url: asked || local })
  const isNodeUp = await client.status(signal).then(
    () => true,
    (error: unknown) => {
      // Named by hand, it must be there; else a machine without a node is looked at as well, and
      // whatever answers instead of one has the port.
      if (asked || signal.aborted) throw error
      return false
    },
  )
  const place: Place = { ...options, isNodeUp, walletFile: walletFile(flags) }
  // Loaded here: it brings the whole node with it.
  const { lookHere } = await import('../doctor/look-here.ts')
  const here = await lookHere(place)
  const there = isNodeUp ? await lookAtNode(client, signal) : []
  const others = await lookAtPeers(options.peers, isNodeUp ? client : undefined, signal)
  return [...here, ...there, ...others]
}

function walletFile(flags: Flags): string {
  const named = textFlag(flags, 'wallet') ?? readClientEnvironment().wallet
  return named || join(homedir(), '.heddle', 'wallet.json')
}
