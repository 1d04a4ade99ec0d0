# nodecompare and nothing else, from a checkout: docker build -t nodecompare .
#
#   docker run --rm nodecompare bench
#   docker run --rm -p 3000:3000 nodecompare serve --mode=async
#   docker run --rm -v "$PWD:/out" --user "$(id -u)" nodecompare bench --report=/out/page.html
#
# There is no shell in it, which `bench --server NAME='command'` needs: copy /nodecompare into the image of your server for that.
FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o dist/image/nodecompare .
RUN .ci/notices dist/image && mkdir -m 1777 dist/image/tmp

FROM scratch
COPY --from=build /src/dist/image /
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
ENV XDG_CACHE_HOME=/tmp
WORKDIR /tmp
USER 65534:65534
EXPOSE 3000
ENTRYPOINT ["/nodecompare"]
