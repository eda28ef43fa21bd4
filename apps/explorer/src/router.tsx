import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const moved = 'heddle-moved'

/** Goes to an address of the page without loading it anew. */
export function navigate(href: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', href)
  else history.replaceState(null, '', href)
  if (how === 'push') window.scrollTo(0, 0)
  window.dispatchEvent(new Event(moved))
}

/** Path and query of the page, as they change. */
export function useLocation(): { readonly path: string; readonly query: URLSearchParams } {
  const [href, setHref] = useState(location.pathname + location.search)
  useEffect(() => {
    const onMoved = () => setHref(location.pathname + location.search)
    window.addEventListener('popstate', onMoved)
    window.addEventListener(moved, onMoved)
    onMoved()
    return () => {
      window.removeEventListener('popstate', onMoved)
      window.removeEventListener(moved, onMoved)
    }
  }, [])
  const [path = '', query] = href.split('?')
  return { path, query: new URLSearchParams(query) }
}

/** Changes one parameter of the address; an empty value takes it out. */
export function setQuery(name: string, value: string): void {
  const query = new URLSearchParams(location.search)
  if (value === '') query.delete(name)
  else query.set(name, value)
  const text = query.toString()
  navigate(location.pathname + (text === '' ? '' : `?${text}`), 'replace')
}

type LinkProps = {
  readonly to: string
  readonly class?: string
  readonly 'aria-label'?: string
  readonly 'aria-current'?: 'page'
  readonly children: ComponentChildren
}

export function Link({ to, children, ...rest }: LinkProps) {
  const onClick = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    navigate(to)
  }
  return (
    <a href={to} {...rest} onClick={onClick}>
      {children}
    </a>
  )
}
