import { render } from 'preact';
import { App } from './app.tsx';
import { Connection } from './state/connection.ts';
import { Store } from './state/store.ts';

const store = new Store();
const connection = new Connection(store);
const root = document.querySelector('#app');
if (root !== null) render(<App store={store} connection={connection} />, root);
connection.open();
