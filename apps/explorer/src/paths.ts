/** Where the node serves the page. */
export const base = '/explorer'

/** Every address of the page. A page never writes one by hand. */
export const paths = {
  overview: () => base,
  processes: (query: { search?: string; sort?: string } = {}) => at('/processes', query),
  process: (id: string) => `${base}/process/${id}`,
  processTab: (id: string, tab: string) => `${base}/process/${id}/${tab}`,
  message: (id: string) => `${base}/message/${id}`,
  items: (query: { tag?: string; value?: string } = {}) => at('/items', query),
  item: (id: string) => `${base}/item/${id}`,
  blocks: () => `${base}/blocks`,
  query: (query: { query?: string } = {}) => at('/query', query),
  deadLetters: (query: { state?: string } = {}) => at('/dead-letters', query),
  accounts: () => `${base}/accounts`,
  stake: () => `${base}/stake`,
  account: (address: string, query: { view?: string } = {}) => at(`/account/${address}`, query),
  availability: () => `${base}/availability`,
  blob: (commitment: string) => `${base}/availability/${commitment}`,
  models: () => `${base}/models`,
  receipts: () => `${base}/receipts`,
  receipt: (id: string) => `${base}/receipt/${id}`,
  lineages: () => `${base}/provenance`,
  provenance: (id: string) => `${base}/provenance/${id}`,
  spawn: (query: { example?: string } = {}) => at('/spawn', query),
  send: (query: { process?: string } = {}) => at('/send', query),
  console: (query: { process?: string } = {}) => at('/console', query),
  upload: () => `${base}/upload`,
  wallet: () => `${base}/wallet`,
  search: (text: string) => at('/search', { q: text }),
} as const

/** Pages that are a tab of a process. */
export const processTabs = ['log', 'outbox', 'talks', 'spawned', 'source'] as const

function at(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]))
  const text = new URLSearchParams(given).toString()
  return `${base}${path}${text === '' ? '' : `?${text}`}`
}
