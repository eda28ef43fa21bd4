import type { PeerState } from '@heddle/protocol/api'
import { explorerLimits } from './options.ts'
import type { ExplorerDeps } from './ports.ts'

/** Asks each peer for its health. A page cannot: its policy lets it speak to this node only. */
export function lookAtPeers(
  deps: Pick<ExplorerDeps, 'peers' | 'fetch' | 'runtime'>,
): Promise<PeerState[]> {
  return Promise.all(deps.peers.map((url) => lookAt(url, deps)))
}

async function lookAt(
  url: string,
  { fetch, runtime }: Pick<ExplorerDeps, 'fetch' | 'runtime'>,
): Promise<PeerState> {
  const { clock } = runtime
  const sinceMs = clock.elapsedMs()
  try {
    const signal = AbortSignal.timeout(explorerLimits.peerPatienceMs)
    const answer = await fetch(`${url}/healthz`, { signal })
    await answer.body?.cancel()
    if (!answer.ok) return { url, state: 'away' }
    return { url, state: 'here', roundTripMs: Math.round(clock.elapsedMs() - sinceMs) }
  } catch {
    return { url, state: 'away' }
  }
}
