import { isId } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { setQuery } from '../router.tsx'
import { Id } from './id.tsx'

/** Which process a page acts on; it is in the page's address. */
export function ProcessField({ processId }: { processId: string }) {
  const names = useNames(isId(processId) ? [processId] : [])
  const name = names.get(processId)
  return (
    <label class="field">
      <span>Process</span>
      <input
        class="mono"
        value={processId}
        placeholder="Id of 43 characters"
        spellcheck={false}
        aria-invalid={processId !== '' && !isId(processId)}
        onInput={(event) => setQuery('process', event.currentTarget.value.trim())}
      />
      {typeof name === 'string' && (
        <small>
          <Id id={processId} name={name} to={paths.process(processId)} />
        </small>
      )}
    </label>
  )
}
