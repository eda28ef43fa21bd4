import type { VNode } from 'preact'
import { lazy } from './lazy.tsx'
import { Needs } from './pages/needs.tsx'
import { NotFound } from './pages/not-found.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { base } from './paths.ts'

type Params = Readonly<Record<string, string>>
type PageOf = (params: Params, query: URLSearchParams) => VNode

const Processes = lazy(async () => (await import('./pages/processes.tsx')).ProcessesPage)
const Process = lazy(async () => (await import('./pages/process.tsx')).ProcessPage)
const Message = lazy(async () => (await import('./pages/message.tsx')).MessagePage)
const Items = lazy(async () => (await import('./pages/items.tsx')).ItemsPage)
const Item = lazy(async () => (await import('./pages/item.tsx')).ItemPage)
const Blocks = lazy(async () => (await import('./pages/blocks.tsx')).BlocksPage)
const Query = lazy(async () => (await import('./pages/query.tsx')).QueryPage)
const DeadLetters = lazy(async () => (await import('./pages/dead-letters.tsx')).DeadLettersPage)
const Accounts = lazy(async () => (await import('./pages/accounts.tsx')).AccountsPage)
const Account = lazy(async () => (await import('./pages/account.tsx')).AccountPage)
const Availability = lazy(async () => (await import('./pages/availability.tsx')).AvailabilityPage)
const Blob = lazy(async () => (await import('./pages/blob.tsx')).BlobPage)
const Models = lazy(async () => (await import('./pages/models.tsx')).ModelsPage)
const Receipts = lazy(async () => (await import('./pages/receipts.tsx')).ReceiptsPage)
const Receipt = lazy(async () => (await import('./pages/receipt.tsx')).ReceiptPage)
const Lineages = lazy(async () => (await import('./pages/lineages.tsx')).LineagesPage)
const Provenance = lazy(async () => (await import('./pages/provenance.tsx')).ProvenancePage)
const Stake = lazy(async () => (await import('./pages/stake.tsx')).StakePage)
const Spawn = lazy(async () => (await import('./pages/spawn.tsx')).SpawnPage)
const Send = lazy(async () => (await import('./pages/send.tsx')).SendPage)
const ConsolePage = lazy(async () => (await import('./pages/console.tsx')).ConsolePage)
const Upload = lazy(async () => (await import('./pages/upload.tsx')).UploadPage)
const Wallet = lazy(async () => (await import('./pages/wallet.tsx')).WalletPage)
const Search = lazy(async () => (await import('./pages/search.tsx')).SearchPage)

const routes: readonly (readonly [pattern: string, page: PageOf])[] = [
  ['/', () => <OverviewPage />],
  ['/processes', (_, query) => <Processes query={query} />],
  ['/process/:id', ({ id = '' }) => <Process key={id} id={id} tab="log" />],
  ['/process/:id/:tab', ({ id = '', tab = '' }) => <Process key={id} id={id} tab={tab} />],
  ['/message/:id', ({ id = '' }) => <Message key={id} id={id} />],
  ['/items', (_, query) => <Items query={query} />],
  ['/item/:id', ({ id = '' }) => <Item key={id} id={id} />],
  ['/blocks', () => <Blocks />],
  ['/query', (_, query) => <Query query={query} />],
  ['/dead-letters', (_, query) => <DeadLetters query={query} />],
  ['/accounts', () => <Accounts />],
  ['/account/:id', ({ id = '' }, query) => <Account key={id} address={id} query={query} />],
  ['/stake', () => <Needs feature="availability" page={() => <Stake />} />],
  ['/availability', () => <Needs feature="availability" page={() => <Availability />} />],
  [
    '/availability/:id',
    ({ id = '' }) => (
      <Needs feature="availability" page={() => <Blob key={id} commitment={id} />} />
    ),
  ],
  ['/models', () => <Needs feature="models" page={() => <Models />} />],
  ['/receipts', () => <Needs feature="models" page={() => <Receipts />} />],
  [
    '/receipt/:id',
    ({ id = '' }) => <Needs feature="models" page={() => <Receipt key={id} id={id} />} />,
  ],
  ['/provenance', () => <Needs feature="provenance" page={() => <Lineages />} />],
  [
    '/provenance/:id',
    ({ id = '' }) => <Needs feature="provenance" page={() => <Provenance key={id} id={id} />} />,
  ],
  ['/spawn', (_, query) => <Spawn query={query} />],
  ['/send', (_, query) => <Send query={query} />],
  ['/console', (_, query) => <ConsolePage query={query} />],
  ['/upload', () => <Upload />],
  ['/wallet', () => <Wallet />],
  ['/search', (_, query) => <Search query={query} />],
]

/** The page of an address. */
export function pageAt(path: string, query: URLSearchParams): VNode {
  const inside = path.slice(base.length).replace(/\/+$/, '') || '/'
  for (const [pattern, page] of routes) {
    const params = match(pattern, inside)
    if (params !== undefined) return page(params, query)
  }
  return <NotFound path={path} />
}

function match(pattern: string, path: string): Params | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    const text = given[at] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(text)
    else if (part !== text) return undefined
  }
  return params
}
