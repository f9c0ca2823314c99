// The Elixir compiler writes the hooks of an app's templates into "phoenix-colocated/my_app". This app has none.
export const hooks = {}
