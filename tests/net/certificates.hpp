#pragma once
/// An authority that issues certificates of any kind for one test.

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

#include "courseselect/net/tls.hpp"
#include "support/temp_dir.hpp"

namespace courseselect::test {

struct CertificateOptions {
    std::string names = "DNS:localhost,IP:127.0.0.1";  ///< subjectAltName; empty: none
    long starts_in_s = -3600;
    long ends_in_s = 3600;
};

/// Keys are P-256, files are PEM in a directory of its own.
class CertificateAuthority {
  public:
    explicit CertificateAuthority(const std::string& name = "Test Authority")
        : key_(make_key()), certificate_(X509_new(), &X509_free) {
        prepare(*certificate_, *key_, name, {});
        extend(*certificate_, NID_basic_constraints, "critical,CA:TRUE");
        X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
        REQUIRE(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0);
        write(root_file(), [this](std::FILE* out) { PEM_write_X509(out, certificate_.get()); });
    }

    /// What clients must trust.
    [[nodiscard]] std::string root_file() const { return directory_.file("root.pem"); }

    /// A certificate and key signed by this authority.
    [[nodiscard]] net::TlsFiles issue(const std::string& name, const CertificateOptions& options) {
        const Key key = make_key();
        const Certificate made(X509_new(), &X509_free);
        prepare(*made, *key, name, options);
        if (!options.names.empty()) {
            extend(*made, NID_subject_alt_name, options.names.c_str());
        }
        X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
        REQUIRE(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0);
        const net::TlsFiles files{directory_.file(name + ".pem"), directory_.file(name + ".key")};
        write(files.certificate_chain,
              [&made](std::FILE* out) { PEM_write_X509(out, made.get()); });
        write(files.private_key, [&key](std::FILE* out) {
            PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        return files;
    }
    [[nodiscard]] net::TlsFiles issue(const CertificateOptions& options = {}) {
        return issue("leaf" + std::to_string(++serial_), options);
    }

  private:
    using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
    using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

    static Key make_key() { return Key(EVP_EC_gen("P-256"), &EVP_PKEY_free); }
    void prepare(X509& certificate, EVP_PKEY& key, const std::string& name,
                 const CertificateOptions& options) {
        X509_set_version(&certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(&certificate), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(&certificate), options.starts_in_s);
        X509_gmtime_adj(X509_getm_notAfter(&certificate), options.ends_in_s);
        X509_set_pubkey(&certificate, &key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    }
    static void extend(X509& certificate, int kind, const char* value) {
        X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
        REQUIRE(extension != nullptr);
        X509_add_ext(&certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    template <class Writer>
    static void write(const std::string& path, Writer writer) {
        std::FILE* const out = std::fopen(path.c_str(), "w");
        REQUIRE(out != nullptr);
        writer(out);
        std::fclose(out);
    }

    TempDir directory_;
    long serial_ = 0;
    Key key_;
    Certificate certificate_;
};

}  // namespace courseselect::test
