import { Empty } from '../components/state.tsx'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'

export function NotFound({ path }: { path: string }) {
  useTitle('No such page')
  return (
    <Empty title="No such page">
      <span class="mono">{path}</span> is no address of the explorer.{' '}
      <Link to={paths.overview()}>To the overview</Link>
    </Empty>
  )
}
