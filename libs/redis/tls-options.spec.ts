import { serverNameOf, withServerName } from './tls-options';

describe('the host name for a server with TLS', () => {
  it('is that of the host, and none for an address', () => {
    expect(serverNameOf('redis.example')).toEqual({ servername: 'redis.example' });
    expect(serverNameOf('10.0.0.1')).toEqual({});
    expect(serverNameOf('::1')).toEqual({});
  });

  it('is added to options that are read anew for each connection', () => {
    let reads = 0;
    const named = withServerName(
      {
        get secureContext() {
          return (reads += 1);
        },
      },
      'redis.example',
    );
    expect(reads).toBe(0);
    expect(Object.assign({}, named)).toEqual({ secureContext: 1, servername: 'redis.example' });
    expect(named.secureContext).toBe(2);
  });
});
