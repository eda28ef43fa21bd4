import { useMemo } from 'preact/hooks'
import { useAction } from '../act/use-action.ts'
import { useLoad } from '../api/load.ts'
import { fetchProcess } from '../api/node.ts'
import { Id } from '../components/id.tsx'
import { NeedWallet } from '../components/need-wallet.tsx'
import { PageHead } from '../components/panel.tsx'
import { ProcessField } from '../components/process-field.tsx'
import { Failure, Loading } from '../components/state.tsx'
import { isId } from '../format.ts'
import { lazy } from '../lazy.tsx'
import { paths } from '../paths.ts'
import { setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'
import type { Account } from '../wallet/wallets.ts'

const Console = lazy(async () => (await import('../console/console-screen.tsx')).Console)

/** Talks to a process: JavaScript to js actors, Lua to aos. */
export function ConsolePage({ query }: { query: URLSearchParams }) {
  useTitle('Console')
  const processId = query.get('process') ?? ''
  const account = useAccount()
  return (
    <>
      <PageHead kind="Act" title="Console">
        <p class="lead">
          Code is sent as a signed <code>Eval</code>: only the process’s owner may. TypeScript to js
          actors, Lua to aos; what the process does meanwhile shows live.
        </p>
      </PageHead>
      <div class="form">
        <ProcessField processId={processId} />
      </div>
      {account === undefined ? (
        <NeedWallet />
      ) : isId(processId) ? (
        <OpenConsole key={`${processId} ${account.address}`} {...{ account, processId }} />
      ) : (
        <SpawnEmpty account={account} />
      )}
    </>
  )
}

type OpenProps = { readonly account: Account; readonly processId: string }

function OpenConsole({ account, processId }: OpenProps) {
  const process = useLoad(processId, (signal) => fetchProcess(processId, signal))
  const sdk = useLoad('sdk', () => import('@heddle/sdk'))
  const client = useMemo(
    () => sdk.value?.createClient({ url: location.origin, signer: account.signer }),
    [sdk.value, account],
  )
  const error = process.error ?? sdk.error
  if (error !== undefined) return <Failure error={error} onRetry={process.reload} />
  if (process.value === undefined || client === undefined) return <Loading rows={6} />
  const { owner } = process.value
  return (
    <>
      {owner !== undefined && owner !== account.owner && (
        <p class="callout">
          It belongs to <Id id={owner} to={paths.account(owner)} />, not to you: it will refuse what
          you send it to evaluate.
        </p>
      )}
      <Console client={client} processId={processId} />
    </>
  )
}

function SpawnEmpty({ account }: { account: Account }) {
  const spawning = useAction<string>()
  const spawn = () =>
    spawning.run(async (signal) => {
      const { createClient } = await import('@heddle/sdk')
      const client = createClient({ url: location.origin, signer: account.signer })
      const { id } = await client.spawn({ source: '', tags: { Name: 'console' }, signal })
      setQuery('process', id)
      return id
    })
  return (
    <>
      <p class="actions">
        <button
          type="button"
          class="button button-primary"
          disabled={spawning.isBusy}
          onClick={spawn}
        >
          {spawning.isBusy ? 'Spawning …' : 'Spawn an empty js actor'}
        </button>
        <span class="quiet">or name a process of yours above</span>
      </p>
      {spawning.error !== undefined && <Failure error={spawning.error} />}
    </>
  )
}
