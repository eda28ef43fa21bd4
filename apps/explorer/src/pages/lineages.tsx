import { useState } from 'preact/hooks'
import { FoundItems } from '../components/found-items.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Empty } from '../components/state.tsx'
import { isId } from '../format.ts'
import { paths } from '../paths.ts'
import { navigate } from '../router.tsx'
import { useTitle } from '../title.ts'

/** Where to begin: an id of one's own, or something that rests on something. */
export function LineagesPage() {
  useTitle('Provenance')
  const [id, setId] = useState('')
  const isGood = isId(id)
  return (
    <>
      <PageHead kind="Inference" title="Provenance">
        <p class="lead">
          From a decision back to the answer, the model, its training and its data; from a dataset
          on to all that came of it. Each link is a signature that is checked here.
        </p>
      </PageHead>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault()
          if (isGood) navigate(paths.provenance(id))
        }}
      >
        <label>
          <span>Item</span>
          <input
            class="mono"
            value={id}
            placeholder="Id of 43 characters"
            spellcheck={false}
            aria-invalid={id !== '' && !isGood}
            onInput={(event) => setId(event.currentTarget.value.trim())}
          />
        </label>
        <button type="submit" class="button" disabled={!isGood}>
          Follow it
        </button>
      </form>
      {starts.map(({ title, tags, empty }) => (
        <Panel key={title} title={title}>
          <FoundItems
            filter={{ tags }}
            label={title}
            empty={<Empty title={empty} />}
            toOf={({ id: found }) => paths.provenance(found)}
          />
        </Panel>
      ))}
    </>
  )
}

const starts = [
  {
    title: 'Decisions of agents',
    tags: [{ name: 'Action', values: ['Decision'] }],
    empty: 'No agent decided anything yet',
  },
  {
    title: 'Models and data',
    tags: [{ name: 'Type', values: ['Model', 'Training-Run', 'Dataset'] }],
    empty: 'No models yet',
  },
]
