import { runQuery } from './graphql.ts'
import { getText } from './request.ts'

/** What this node knows of an address. */
export type AccountFacts = {
  readonly address: string
  /** Items it signed, processes among them. */
  readonly signed: number
  readonly processes: number
  readonly received: number
  /** Winston that `/mint` of this node handed out; it buys nothing anywhere. */
  readonly winston: bigint
}

/** Searches that a node takes in one query are 16. */
const accountsPerQuery = 5

type Counts = Readonly<Record<string, { readonly count: number }>>

/** What the node knows of each address, in their order. */
export async function readAccounts(
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<readonly AccountFacts[]> {
  const parts: Promise<readonly AccountFacts[]>[] = []
  for (let at = 0; at < addresses.length; at += accountsPerQuery) {
    parts.push(readFacts(addresses.slice(at, at + accountsPerQuery), signal))
  }
  return (await Promise.all(parts)).flat()
}

export async function readAccount(address: string, signal: AbortSignal): Promise<AccountFacts> {
  const [facts] = await readFacts([address], signal)
  if (facts === undefined) throw new Error('the node did not answer')
  return facts
}

async function readFacts(
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<readonly AccountFacts[]> {
  const parts = addresses.map((address, at) => {
    const owner = JSON.stringify(address)
    return `signed${at}: transactions(owners: [${owner}]) { count }
      processes${at}: transactions(owners: [${owner}],
        tags: [{ name: "Type", values: ["Process"] }]) { count }
      received${at}: transactions(recipients: [${owner}]) { count }`
  })
  const [counts, balances] = await Promise.all([
    runQuery<Counts>(`{ ${parts.join('\n')} }`, {}, signal),
    Promise.all(addresses.map((address) => readBalance(address, signal))),
  ])
  const count = (name: string, at: number) => Number(counts[`${name}${at}`]?.count ?? 0)
  return addresses.map((address, at) => ({
    address,
    signed: count('signed', at),
    processes: count('processes', at),
    received: count('received', at),
    winston: balances[at] ?? 0n,
  }))
}

async function readBalance(address: string, signal: AbortSignal): Promise<bigint> {
  const text = await getText(`/wallet/${address}/balance`, signal)
  return /^\d{1,40}$/.test(text) ? BigInt(text) : 0n
}
