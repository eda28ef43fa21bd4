import { useState } from 'preact/hooks'
import { Id } from '../components/id.tsx'
import { Facts, PageHead, Panel } from '../components/panel.tsx'
import { Failure } from '../components/state.tsx'
import { WalletExtensions } from '../components/wallet-extensions.tsx'
import { paths } from '../paths.ts'
import { useTitle } from '../title.ts'
import { hasBrowserKey, readBrowserKey, removeBrowserKey } from '../wallet/browser-key.ts'
import { useAccount } from '../wallet/use-account.ts'
import { type Account, accountKinds, lostAccount, setAccount } from '../wallet/wallets.ts'

/** Who signs what this page sends. */
export function WalletPage() {
  useTitle('Wallet')
  const account = useAccount()
  const [error, setError] = useState<Error>()
  const connect = async (open: () => Promise<Account>) => {
    setError(undefined)
    try {
      setAccount(await open())
    } catch (fault) {
      setError(fault instanceof Error ? fault : new Error(String(fault)))
    }
  }
  return (
    <>
      <PageHead kind="Act" title="Wallet">
        <p class="lead">Spawning, sending and uploading are signed here, in this browser.</p>
      </PageHead>
      {error !== undefined && <Failure error={error} />}
      {account === undefined && lostAccount() !== '' && <p class="callout">{lostAccount()}</p>}
      {account !== undefined && <InUse account={account} />}
      <div class="cards cards-wide">
        <BrowserKey onConnect={connect} />
        <KeyFile onConnect={connect} />
        <WalletExtensions onConnect={connect} />
      </div>
    </>
  )
}

function InUse({ account }: { account: Account }) {
  return (
    <Panel title="In use">
      <Facts
        facts={[
          ['Address', <Id id={account.address} to={paths.account(account.owner)} whole />],
          ['Kind', accountKinds[account.kind]],
        ]}
      />
      <p class="pad">
        <button type="button" class="button" onClick={() => setAccount(undefined)}>
          Disconnect
        </button>
      </p>
    </Panel>
  )
}

type ConnectProps = { onConnect(open: () => Promise<Account>): Promise<void> }

function BrowserKey({ onConnect }: ConnectProps) {
  const [isHere, setHere] = useState(hasBrowserKey)
  const [isUnderstood, setUnderstood] = useState(isHere)
  const open = async () => {
    await onConnect(async () => (await import('../wallet/connect.ts')).openBrowserKey())
    setHere(hasBrowserKey())
  }
  const remove = () => {
    removeBrowserKey()
    setAccount(undefined)
    setHere(false)
    setUnderstood(false)
  }
  return (
    <Panel title="A key in this browser">
      <p class="pad">
        An Ed25519 key, made here. It lies unprotected in this browser’s storage: good for trying
        things out, not for anything of worth. Clearing the site’s data loses it.
      </p>
      {!isHere && (
        <label class="check">
          <input
            type="checkbox"
            checked={isUnderstood}
            onChange={(event) => setUnderstood(event.currentTarget.checked)}
          />
          <span>I understand that whoever has this browser has the key</span>
        </label>
      )}
      <p class="actions pad">
        <button
          type="button"
          class="button button-primary"
          disabled={!isUnderstood}
          onClick={() => void open()}
        >
          {isHere ? 'Use it' : 'Make a key'}
        </button>
        {isHere && (
          <>
            <button type="button" class="button" onClick={saveBrowserKey}>
              Save as file
            </button>
            <button type="button" class="button button-bad" onClick={remove}>
              Forget it
            </button>
          </>
        )}
      </p>
    </Panel>
  )
}

function saveBrowserKey(): void {
  const file = new Blob([readBrowserKey() ?? ''], { type: 'application/json' })
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = 'heddle-wallet.json'
  link.click()
  URL.revokeObjectURL(url)
}

function KeyFile({ onConnect }: ConnectProps) {
  const onFile = (file: File | undefined) => {
    if (file === undefined) return
    void onConnect(async () => {
      const { openKeyFile } = await import('../wallet/connect.ts')
      return openKeyFile(await file.text())
    })
  }
  return (
    <Panel title="A key file">
      <p class="pad">
        A wallet as JSON Web Key: Arweave RSA, Ed25519 or secp256k1. It stays in this page’s memory
        and is gone when you close it.
      </p>
      <p class="pad">
        <input
          type="file"
          accept=".json,application/json"
          aria-label="Wallet file"
          onChange={(event) => onFile(event.currentTarget.files?.[0])}
        />
      </p>
    </Panel>
  )
}
