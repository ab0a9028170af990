import { expect, test } from 'vitest';
import { plaintextEndpoint } from '../../src/core/text/is-plaintext-url.ts';

test.each([
  'https://manager.example',
  'http://127.0.0.1:8081',
  'http://127.1:8081',
  'http://2130706433',
  'http://localhost',
  'http://LOCALHOST.:80',
  'http://[::1]:8081',
])('%s can be read by nobody on the way', (endpoint) => {
  expect(plaintextEndpoint([endpoint])).toBeUndefined();
});

test.each([
  'http://manager.example',
  'http://10.0.0.1',
  'http://127.0.0.1.example',
  'http://localhost.example',
  'http://128.0.0.1',
  'http://[::2]',
  'http://0.0.0.0',
])('%s can', (endpoint) => {
  expect(plaintextEndpoint(['https://manager.example', endpoint])).toBe(endpoint);
});
