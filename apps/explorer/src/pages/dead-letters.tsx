import { useAction } from '../act/use-action.ts'
import { useLoad } from '../api/load.ts'
import { fetchOutbox } from '../api/units.ts'
import { Letters } from '../components/letters.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { formatCount } from '../format.ts'
import { setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'
import type { Account } from '../wallet/wallets.ts'

const states = [
  ['dead', 'Dead'],
  ['pending', 'Waiting'],
] as const

/** What could not be delivered. Nothing is dropped in silence: what is given up lies here. */
export function DeadLettersPage({ query }: { query: URLSearchParams }) {
  useTitle('Dead letters')
  const state = query.get('state') === 'pending' ? 'pending' : 'dead'
  const { value, error, reload } = useLoad(state, (signal) => fetchOutbox({ state }, signal))
  const entries = value?.entries ?? []
  return (
    <>
      <PageHead kind="This node" title="Dead letters">
        <p class="lead">
          A message that cannot be delivered is tried for a day, then it is kept here with the
          reason. The owner of its process can have it tried again.
        </p>
      </PageHead>
      <div class="filters">
        <fieldset class="switch" aria-label="State">
          {states.map(([name, label]) => (
            <button
              key={name}
              type="button"
              aria-pressed={state === name}
              onClick={() => setQuery('state', name === 'dead' ? '' : name)}
            >
              {label}
            </button>
          ))}
        </fieldset>
      </div>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined && error === undefined && <Loading rows={6} />}
      {value !== undefined && entries.length === 0 && (
        <Empty title={state === 'dead' ? 'No dead letters' : 'Nothing waits'}>
          {state === 'dead'
            ? 'Everything that was sent has arrived or is still being tried.'
            : 'Everything that was sent has arrived.'}
        </Empty>
      )}
      {entries.length > 0 && (
        <Panel title={`${formatCount(entries.length)} ${state}`}>
          <Letters letters={entries} label="Letters" hasSender />
        </Panel>
      )}
      {state === 'dead' && entries.length > 0 && (
        <Retry
          processIds={[...new Set(entries.map(({ processId }) => processId))]}
          onDone={reload}
        />
      )}
    </>
  )
}

type RetryProps = { readonly processIds: readonly string[]; onDone(): void }

/** An order to the messenger, signed by whoever owns the processes. */
function Retry({ processIds, onDone }: RetryProps) {
  const account = useAccount()
  const retrying = useAction<number>()
  if (account === undefined) return null
  const retry = () =>
    retrying.run(async (signal) => {
      let retried = 0
      for (const processId of processIds) retried += await retryOne(processId, account, signal)
      onDone()
      return retried
    })
  return (
    <>
      <p class="actions">
        <button type="button" class="button" disabled={retrying.isBusy} onClick={retry}>
          Try again as their owner
        </button>
        {retrying.value !== undefined && <span>{formatCount(retrying.value)} are tried again</span>}
      </p>
      {retrying.error !== undefined && <Failure error={retrying.error} />}
    </>
  )
}

async function retryOne(processId: string, account: Account, signal: AbortSignal): Promise<number> {
  const { signAndPost } = await import('../act/order.ts')
  const answer = await signAndPost('/mu/outbox/retry', processId, account.signer, signal)
  return answer.retried
}
