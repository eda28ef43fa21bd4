import { useEffect } from 'preact/hooks'
import { fetchCertificate } from '../api/availability.ts'
import { findItem, findItems } from '../api/graphql.ts'
import { useLoad } from '../api/load.ts'
import { fetchNames, fetchRoutes } from '../api/node.ts'
import { addressOf } from '../components/found-items.tsx'
import { PageHead } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { isId } from '../format.ts'
import { paths } from '../paths.ts'
import { Link, navigate } from '../router.tsx'
import { useTitle } from '../title.ts'

/** Finds out what an id is and goes there; anything else is a name. */
export function SearchPage({ query }: { query: URLSearchParams }) {
  useTitle('Search')
  const text = (query.get('q') ?? '').trim()
  const found = useLoad(text, (signal) => locate(text, signal))
  const to = found.value
  useEffect(() => {
    if (to !== undefined && to !== null) navigate(to, 'replace')
  }, [to])
  if (found.error !== undefined) return <Failure error={found.error} onRetry={found.reload} />
  if (to === null || text === '') {
    return (
      <>
        <PageHead kind="Search" title="Nothing found" />
        <Empty title="This node does not know it">
          <span class="mono">{text}</span> is no process, message, item or account here.{' '}
          <Link to={paths.processes()}>All processes</Link>
        </Empty>
      </>
    )
  }
  return <Loading rows={4} label="Searching" />
}

/** Where an id is shown, or null where it is unknown. */
async function locate(text: string, signal: AbortSignal): Promise<string | null> {
  if (!isId(text)) return paths.processes({ search: text })
  const names = await fetchNames([text], signal)
  if (names[text] !== undefined) return paths.process(text)
  const item = await findItem(text, signal)
  if (item !== undefined) {
    const receivers = await fetchNames([item.recipient], signal)
    return addressOf(item, receivers[item.recipient] !== undefined)
  }
  const [signed, received] = await Promise.all([
    findItems({ owners: [text] }, { first: 1 }, signal),
    findItems({ recipients: [text] }, { first: 1 }, signal),
  ])
  if (signed.items.length + received.items.length > 0) return paths.account(text)
  const digest = { name: 'Receipt-Digest', values: [text] }
  const [receipt] = (await findItems({ tags: [digest] }, { first: 1 }, signal)).items
  if (receipt !== undefined) return paths.receipt(receipt.id)
  return (await isBlob(text, signal)) ? paths.blob(text) : null
}

/** Asked last: only here does a node answer 404 for what it does not know. */
async function isBlob(text: string, signal: AbortSignal): Promise<boolean> {
  const routes = await fetchRoutes(signal)
  if (!routes.some((route) => route.startsWith('GET /da/'))) return false
  return fetchCertificate(text, signal).then(
    () => true,
    () => false,
  )
}
