import type { Transport } from '../transport.ts'
import type { DaClient } from './client.ts'
import type { DaOptions } from './source.ts'

const importClient = () => import('./client.ts')

/**
 * The wide lane's part of a client, loaded when it is first used: pairings and codes are a third of the
 * SDK, and most programs in a browser never need them.
 */
export function createLazyDa(transport: Transport, options: DaOptions = {}): DaClient {
  let loading: Promise<DaClient> | undefined
  const load = (): Promise<DaClient> => {
    loading ??= importClient().then(
      ({ createDaClient }) => createDaClient(transport, options),
      (error: unknown) => {
        // What could not be fetched now may be later.
        loading = undefined
        throw error
      },
    )
    return loading
  }
  return {
    put: async (data, input) => (await load()).put(data, input),
    async *get(reference, input) {
      yield* (await load()).get(reference, input)
    },
    read: async (reference, input) => (await load()).read(reference, input),
    certificate: async (commitment, signal) => (await load()).certificate(commitment, signal),
    keep: async (certificate, signal) => (await load()).keep(certificate, signal),
    sample: async (reference, input) => (await load()).sample(reference, input),
    verify: async (certificate, storers) => (await load()).verify(certificate, storers),
    status: async (signal) => (await load()).status(signal),
    storers: async (input) => (await load()).storers(input),
  }
}
