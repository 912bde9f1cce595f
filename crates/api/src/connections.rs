//! Connections: how many there are, how long they may hesitate, how they end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt as _;

use crate::identity::CertificatePin;
use crate::identity::gate::Peer;
use crate::tls::Tls;

/// How many connections are open at a time; whoever comes next waits.
const CONNECTIONS_MAX: usize = 1_024;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may take to send the head of a request, the time
/// before its first byte included.
const HEAD: Duration = Duration::from_secs(60);
/// How long is waited where the system has no more room for connections.
const NO_ROOM: Duration = Duration::from_millis(100);

/// The TLS that the next connection gets; `None` for a server without.
pub(crate) type SharedTls = Arc<RwLock<Option<Tls>>>;

/// What serves connections.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) tls: SharedTls,
}

/// Takes connections until told to stop, then lets those that are open end
/// what they are at. Dropping the future cuts them off.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Service,
    mut stop: oneshot::Receiver<()>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut open = JoinSet::new();
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            let permit = permit.expect("never closed");
            (permit, listener.accept().await)
        };
        tokio::select! {
            // A sender that is gone means the same.
            _ = &mut stop => break,
            // Ends are taken note of, so that their memory is given back.
            Some(_) = open.join_next() => {}
            (permit, accepted) = accepted => match accepted {
                Ok((stream, address)) => {
                    let service = service.clone();
                    open.spawn(service.connection(permit, stream, address, graceful.watcher()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be taken");
                    sleep(NO_ROOM).await;
                }
            },
        }
    }
    drop(listener);
    graceful.shutdown().await;
    while open.join_next().await.is_some() {}
}

impl Service {
    async fn connection(
        self,
        permit: OwnedSemaphorePermit,
        stream: TcpStream,
        address: SocketAddr,
        watcher: Watcher,
    ) {
        let _open = permit;
        // Answers are written whole: nothing is gained by holding back.
        drop(stream.set_nodelay(true));
        let tls = self.acceptor();
        let mut peer = Peer {
            address,
            certificate: None,
        };
        let Some(tls) = tls else {
            return self.requests(stream, peer, watcher).await;
        };
        match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                peer.certificate = certificate(&stream);
                self.requests(stream, peer, watcher).await;
            }
            Ok(Err(error)) => tracing::debug!(%address, %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
        }
    }

    fn acceptor(&self) -> Option<TlsAcceptor> {
        let tls = self.tls.read().unwrap_or_else(PoisonError::into_inner);
        let config = tls.as_ref().map(|tls| Arc::clone(&tls.config));
        config.map(TlsAcceptor::from)
    }

    async fn requests<S>(self, stream: S, peer: Peer, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let router = self.router.clone();
            async move { Ok::<_, Infallible>(answer(router, request.map(Body::new)).await) }
        });
        let mut builder = Builder::new(TokioExecutor::new()).http1_only();
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(address = %peer.address, %error, "a connection broke");
        }
    }
}

async fn answer(router: Router, request: hyper::Request<Body>) -> axum::response::Response {
    let Ok(response) = router.oneshot(request).await;
    response
}

/// Returns the key of the certificate that a client showed.
fn certificate(stream: &TlsStream<TcpStream>) -> Option<CertificatePin> {
    let (_, connection) = stream.get_ref();
    let shown = connection.peer_certificates()?.first()?;
    // The handshake has read it already.
    CertificatePin::of(shown).ok()
}
