import { generateKeyPairSync } from 'node:crypto'
import { connect, createDataItemSigner } from '@permaweb/aoconnect'

export type AoTag = { name: string; value: string }

export type AoResult = {
  Error?: string
  Messages: { Target: string; Data?: string; Tags: AoTag[] }[]
  Spawns: { Tags: AoTag[] }[]
  Output: { data?: string | { output?: string } } | string
}

type Signer = ReturnType<typeof createDataItemSigner>

/** aoconnect's functions as these tests use them, in either mode. */
export type AoClient = {
  spawn(input: {
    module: string
    scheduler: string
    tags?: AoTag[]
    data?: string
    signer: Signer
  }): Promise<string>
  message(input: {
    process: string
    tags?: AoTag[]
    data?: string
    signer: Signer
  }): Promise<string | number>
  result(input: { process: string; message: string | number }): Promise<AoResult>
  results(input: {
    process: string
    from?: string
    to?: string
    limit?: number
    sort?: 'ASC' | 'DESC'
  }): Promise<{ edges: { node: AoResult; cursor: string }[]; pageInfo?: { hasNextPage: boolean } }>
  dryrun(input: {
    process: string
    tags?: AoTag[]
    data?: string
    Owner?: string
  }): Promise<AoResult>
  assign(input: {
    process: string
    message: string
    exclude?: string[]
    baseLayer?: boolean
  }): Promise<string>
  monitor(input: { process: string; signer: Signer }): Promise<string>
  unmonitor(input: { process: string; signer: Signer }): Promise<string>
}

/** A fresh 4096-bit Arweave wallet's signer. */
export function arweaveSigner(): Signer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  return createDataItemSigner(privateKey.export({ format: 'jwk' }) as never)
}

export function legacyClient(url: string): AoClient {
  return connect({
    MODE: 'legacy',
    MU_URL: `${url}/mu`,
    CU_URL: `${url}/cu`,
    GATEWAY_URL: url,
    GRAPHQL_URL: `${url}/graphql`,
  } as never) as unknown as AoClient
}

export function mainnetClient(url: string, signer: Signer, scheduler: string): AoClient {
  return connect({
    MODE: 'mainnet',
    URL: url,
    SCHEDULER: scheduler,
    GATEWAY_URL: url,
    signer,
  } as never) as unknown as AoClient
}

export function tag(name: string, value: string): AoTag {
  return { name, value }
}

/** The text a console would show. */
export function outputText(result: AoResult): string {
  const { Output } = result
  if (typeof Output === 'string') return Output
  const data = Output?.data
  return typeof data === 'object' ? (data.output ?? JSON.stringify(data)) : String(data ?? '')
}

/** Asks again until `done` holds, for a minute and more. */
export async function eventually<T>(
  ask: () => Promise<T>,
  done: (value: T) => boolean,
  tries = 1000,
): Promise<T> {
  for (let i = 1; ; i++) {
    const value = await ask()
    if (done(value)) return value
    if (i >= tries) throw new Error(`never happened; last: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
