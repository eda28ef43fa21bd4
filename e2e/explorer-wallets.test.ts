import { constants, createPrivateKey, type JsonWebKeyInput, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toHex } from '@heddle/protocol/base'
import { ethereumAddress, personalMessageDigest, portableCrypto } from '@heddle/protocol/crypto'
import {
  createClient,
  generateWallet,
  type ProcessHandle,
  type Tag,
  walletSigner,
} from '@heddle/sdk'
import { readActorSource } from '@heddle/sdk/node'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ArweaveSigner, createData } from 'arbundles'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsOf, launchChromium, openContext, skipReason } from './chromium.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const counterFile = fileURLToPath(new URL('../examples/counter.ts', import.meta.url))

/** How the extension answers next, set by the test through `window.wallet`. */
type Faked = {
  /** Refuses what is asked for next. */
  refuse: boolean
  switchTo(account: number): void
  leave(): void
}
/** Two keys of an Ethereum wallet; signatures are made here, as an extension does outside the page. */
const ethereumKeys = [7, 9].map((byte) => new Uint8Array(32).fill(byte))
const ethereumAccounts = ethereumKeys.map((key) =>
  ethereumAddress(secp256k1.getPublicKey(key, false), portableCrypto),
)

/** `window.ethereum` with the permissions, events and refusals of EIP-1193 and of MetaMask. */
async function injectEthereum(context: BrowserContext, isAnnounced = false): Promise<void> {
  await context.exposeFunction('signEthereum', (account: number, hex: string) => {
    const digest = personalMessageDigest(Buffer.from(hex, 'hex'), portableCrypto)
    const key = ethereumKeys[account] ?? new Uint8Array(32)
    const made = secp256k1.sign(digest, key, { prehash: false, format: 'recovered' })
    return `${toHex(made.subarray(1))}${(27 + (made[0] ?? 0)).toString(16)}`
  })
  const given = [ethereumAccounts, isAnnounced] as const
  await context.addInitScript(([accounts, isTold]: typeof given) => {
    const listeners = new Map<string, Set<(value: unknown) => void>>()
    const emit = (event: string, value: unknown) => {
      for (const listener of listeners.get(event) ?? []) listener(value)
    }
    let [active, isConnected] = [0, false]
    const wallet: Faked = {
      refuse: false,
      switchTo(account) {
        active = account
        emit('accountsChanged', [accounts[account]])
      },
      leave() {
        isConnected = false
        emit('accountsChanged', [])
      },
    }
    const call = window as unknown as { signEthereum(account: number, hex: string): unknown }
    const request = async ({ method, params }: { method: string; params: string[] }) => {
      // Providers throw plain objects, not errors.
      if (wallet.refuse) throw { code: 4001, message: 'User rejected the request.' }
      if (method === 'eth_requestAccounts') {
        isConnected = true
        return [accounts[active]]
      }
      const [payload = '', address] = params
      if (!isConnected || address !== accounts[active]) throw { code: 4100, message: 'no' }
      return `0x${await call.signEthereum(active, payload.slice(2))}`
    }
    const on = (event: string, listener: (value: unknown) => void) =>
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))
    const removeListener = (event: string, listener: (value: unknown) => void) =>
      listeners.get(event)?.delete(listener)
    const provider = { request, on, removeListener }
    Object.assign(window, { wallet })
    if (!isTold) return void Object.assign(window, { ethereum: provider })
    const info = { uuid: '1', name: 'Fox', icon: 'data:,', rdns: 'example.fox' }
    const detail = Object.freeze({ info, provider })
    const announce = () =>
      window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
    window.addEventListener('eip6963:requestProvider', announce)
    announce()
  }, given)
}

/** Two keys for these tests alone; nothing of worth is signed with them. */
const arweaveKeys = JSON.parse(
  readFileSync(new URL('./arweave-test-keys.json', import.meta.url), 'utf8'),
) as readonly JsonWebKeyInput['key'][]

/** How an Arweave wallet signs: whole items, in the shapes they were seen in, or bytes as they once did. */
type ArweaveWay = 'buffer' | 'numbers' | 'signature'

/** Signs as Wander does: the item is made by arbundles. */
async function signDataItem(account: number, text: string): Promise<string> {
  const { data, ...options } = JSON.parse(text) as { data: number[]; tags: Tag[]; anchor: string }
  const signer = new ArweaveSigner(
    arweaveKeys[account] as ConstructorParameters<typeof ArweaveSigner>[0],
  )
  const item = createData(Uint8Array.from(data), signer, options)
  await item.sign(signer)
  return item.getRaw().toString('hex')
}

async function signBytes(account: number, hex: string): Promise<string> {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const key = createPrivateKey({ key: arweaveKeys[account] ?? {}, format: 'jwk' })
  return sign('sha256', Buffer.from(hex, 'hex'), { key, padding, saltLength: 32 }).toString('hex')
}

/** `window.arweaveWallet` with the permissions, shapes and events of Wander; it comes after the page. */
async function injectArweave(context: BrowserContext, way: ArweaveWay): Promise<void> {
  await context.exposeFunction('signArweave', signBytes)
  await context.exposeFunction('signDataItemArweave', signDataItem)
  const owners = arweaveKeys.map(({ n }) => String(n))
  const given = [owners, way] as const
  await context.addInitScript(([publicKeys, answers]: typeof given) => {
    let [active, granted] = [0, [] as readonly string[]]
    const wallet: Faked = {
      refuse: false,
      switchTo(account) {
        active = account
        window.dispatchEvent(new CustomEvent('walletSwitch', { detail: { address: '' } }))
      },
      leave() {
        granted = []
        window.dispatchEvent(new CustomEvent('walletSwitch', { detail: { address: '' } }))
      },
    }
    const need = (permission: string) => {
      if (!granted.includes(permission)) throw new Error(`Missing permission ${permission}`)
      if (wallet.refuse) throw new Error('User cancelled the AuthRequest')
    }
    type Sign = (account: number, text: string) => Promise<string>
    const call = window as unknown as { signArweave: Sign; signDataItemArweave: Sign }
    const bytesOf = (hex: string) =>
      (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
    const signsItems = {
      async signDataItem(item: { data: Uint8Array; anchor?: unknown }) {
        need('SIGN_TRANSACTION')
        if (!ArrayBuffer.isView(item.data)) throw new Error('Input is not an ArrayBuffer.')
        const text = JSON.stringify({ ...item, data: Array.from(item.data) })
        const bytes = bytesOf(await call.signDataItemArweave(active, text))
        return answers === 'numbers' ? bytes : Uint8Array.from(bytes).buffer
      },
    }
    const signsBytes = {
      async signature(data: Uint8Array) {
        need('SIGNATURE')
        const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('')
        return { ...bytesOf(await call.signArweave(active, hex)) }
      },
    }
    const arweaveWallet = {
      async connect(permissions: readonly string[]) {
        if (wallet.refuse) throw new Error('User cancelled the AuthRequest')
        granted = permissions
      },
      getPermissions: async () => granted,
      async getActivePublicKey() {
        need('ACCESS_PUBLIC_KEY')
        return publicKeys[active]
      },
      ...(answers === 'signature' ? signsBytes : signsItems),
    }
    Object.assign(window, { wallet })
    setTimeout(() => {
      Object.assign(window, { arweaveWallet })
      window.dispatchEvent(new CustomEvent('arweaveWalletLoaded', { detail: {} }))
    }, 300)
  }, given)
}

const fake = <T>(page: Page, act: (wallet: Faked) => T) =>
  page.evaluate(`(${act})(window.wallet)`) as Promise<T>

/** Signs and sends an `Inc`, from the page in front. */
async function send(page: Page, processId: string): Promise<void> {
  await page.goBack()
  await page.getByLabel('Process').fill(processId)
  await page.getByLabel('Action').fill('Inc')
  await page.getByRole('button', { name: 'Sign and send' }).click()
}

type Kind = {
  readonly name: string
  readonly how: string
  inject(context: BrowserContext): Promise<void>
}

const kinds: readonly Kind[] = [
  { name: 'Ethereum wallet', how: 'at window.ethereum', inject: injectEthereum },
  {
    name: 'Ethereum wallet',
    how: 'announced by EIP-6963',
    inject: (context) => injectEthereum(context, true),
  },
  {
    name: 'Arweave wallet',
    how: 'that signs items into a buffer',
    inject: (context) => injectArweave(context, 'buffer'),
  },
  {
    name: 'Arweave wallet',
    how: 'that signs items into numbers',
    inject: (context) => injectArweave(context, 'numbers'),
  },
  {
    name: 'Arweave wallet',
    how: 'that signs bytes only',
    inject: (context) => injectArweave(context, 'signature'),
  },
]

/** Wallets as extensions are: they ask, refuse, turn to other accounts and leave. */
const isAsked = process.env.HEDDLE_LOOK === '1' && skipReason === undefined

describe.skipIf(!isAsked)('wallets of the explorer, with HEDDLE_LOOK=1', () => {
  const folder = newDataFolder()
  let node: NodeProcess
  let browser: Browser
  let counter: ProcessHandle

  beforeAll(async () => {
    ;[node, browser] = await Promise.all([startNodeProcess(folder), launchChromium()])
    const client = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
    const source = await readActorSource(counterFile)
    counter = await client.spawn({ source, tags: { Name: 'counter' } })
  })

  afterAll(async () => {
    await browser?.close()
    await node?.stop()
    removeFolder(folder)
  })

  it.each(kinds)('signs with an $name $how, which may refuse, change and leave', async (kind) => {
    const context = await openContext(browser)
    await kind.inject(context)
    const page = await context.newPage()
    const faults = faultsOf(page)
    await page.goto(`${node.url}/explorer/send`)
    const panel = page.locator('.panel', { hasText: kind.name }).first()
    const toWallet = () =>
      page
        .getByRole('link', { name: /^Wallet/ })
        .first()
        .click()
    await toWallet()

    await fake(page, (wallet) => {
      wallet.refuse = true
    })
    await panel.getByRole('button', { name: 'Connect' }).click()
    await page.getByRole('alert').getByText('refused in the wallet: nothing was signed').waitFor()
    await fake(page, (wallet) => {
      wallet.refuse = false
    })
    await panel.getByRole('button', { name: 'Connect' }).click()
    await page.getByRole('heading', { name: 'In use' }).waitFor()
    const first = await page.locator('.facts .id-whole').first().textContent()

    await send(page, counter.id)
    await page.getByText(/slot \d+, its life/).waitFor()
    await fake(page, (wallet) => {
      wallet.refuse = true
    })
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByRole('alert').getByText('refused in the wallet: nothing was signed').waitFor()
    await fake(page, (wallet) => {
      wallet.refuse = false
    })

    await fake(page, (wallet) => wallet.switchTo(1))
    await toWallet()
    if (kind.name.startsWith('Arweave')) {
      // Its key is told without a question, so the page goes with it.
      await page.getByRole('heading', { name: 'In use' }).waitFor()
    } else {
      await page.getByText('connect it again').waitFor()
      await panel.getByRole('button', { name: 'Connect' }).click()
      await page.getByRole('heading', { name: 'In use' }).waitFor()
    }
    expect(await page.locator('.facts .id-whole').first().textContent()).not.toBe(first)
    await fake(page, (wallet) => wallet.leave())
    await page.getByText('connect it again').waitFor()
    expect(await page.getByRole('heading', { name: 'In use' }).count()).toBe(0)
    expect(faults).toEqual([])
    await context.close()
  })
})
