import { useState } from 'preact/hooks'
import { useArweaveWallet, useEthereumWallets } from '../wallet/injected.ts'
import type { Account } from '../wallet/wallets.ts'
import { Panel } from './panel.tsx'

type ExtensionsProps = { onConnect(open: () => Promise<Account>): Promise<void> }

/** A wallet that can be asked, by the name on its button. */
type Choice = { readonly name: string; open(): Promise<Account> }

/** Wallets that extensions put into the page. */
export function WalletExtensions({ onConnect }: ExtensionsProps) {
  const arweave = useArweaveWallet()
  const ethereum = useEthereumWallets()
  const load = () => import('../wallet/connect.ts')
  return (
    <>
      <Extension
        title="Arweave wallet"
        text="A wallet that puts itself into the page, such as Wander. It shows what it signs."
        choices={
          arweave === undefined
            ? []
            : [{ name: '', open: async () => (await load()).connectArweave(arweave) }]
        }
        onConnect={onConnect}
      />
      <Extension
        title="Ethereum wallet"
        text="A wallet by EIP-1193, such as MetaMask. It is asked for one signature to learn its key."
        choices={ethereum.map(({ name, provider }) => ({
          name,
          open: async () => (await load()).connectEthereum(provider),
        }))}
        onConnect={onConnect}
      />
    </>
  )
}

type ExtensionProps = ExtensionsProps & {
  readonly title: string
  readonly text: string
  readonly choices: readonly Choice[]
}

function Extension({ title, text, choices, onConnect }: ExtensionProps) {
  // A wallet refuses a second question while the first is open.
  const [isAsking, setAsking] = useState(false)
  const connect = (open: Choice['open']) => {
    setAsking(true)
    void onConnect(open).finally(() => setAsking(false))
  }
  return (
    <Panel title={title}>
      <p class="pad">{text}</p>
      <p class="actions pad">
        {choices.map(({ name, open }, at) => (
          <button
            key={String(at)}
            type="button"
            class="button"
            disabled={isAsking}
            onClick={() => connect(open)}
          >
            {isAsking ? 'Answer in the wallet …' : `Connect ${name}`.trim()}
          </button>
        ))}
        {choices.length === 0 && (
          <button type="button" class="button" disabled>
            Not in this browser
          </button>
        )}
      </p>
    </Panel>
  )
}
