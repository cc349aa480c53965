import JSONTree
import KubernetesModel

extension ResourcePipeline {
    /// The newest version of one object.
    func get(_ definition: ResourceDefinition, namespace: String?, name: String) throws(APIError) -> StoredObject {
        guard let object = store.object(definition.reference(namespace: namespace, name: name)) else {
            throw APIError.notFound(definition.type, name)
        }
        return present(object, as: definition)
    }

    /// A page of the objects of a namespace, or of all.
    ///
    /// Pages that follow one another show the collection as it was for the first of them, while history lasts.
    func list(_ definition: ResourceDefinition, namespace: String?, _ query: ListQuery) throws(APIError) -> ListPage {
        try ListOptionRules.check(list: query)
        let namespace = definition.type.isNamespaced ? namespace : nil
        let token = try query.continuation.isEmpty ? nil : ContinuationToken(query.continuation)
        var (objects, revision) = try candidates(definition, namespace, query, token)
        if let token, let first = objects.firstIndex(where: { token.after < $0.key }) {
            objects.removeFirst(first)
        } else if token != nil {
            objects = []
        }
        if query.limit == 0, query.labels.isEmpty, query.fields.isEmpty {
            return ListPage(items: present(objects, as: definition), revision: shown(revision, token))
        }
        var page: [StoredObject] = []
        var rest = 0
        for object in objects where query.matches(object) {
            if query.limit > 0, page.count == query.limit {
                rest += 1
                // Kubernetes counts what remains only where no selector makes that expensive.
                if !query.labels.isEmpty || !query.fields.isEmpty { break }
            } else {
                page.append(object)
            }
        }
        revision = shown(revision, token)
        var answer = ListPage(items: present(page, as: definition), revision: revision)
        if rest > 0, let last = page.last {
            answer.continuation = ContinuationToken(revision: revision, after: last.key).text
            if query.labels.isEmpty && query.fields.isEmpty { answer.remaining = rest }
        }
        return answer
    }

    /// The revision that a page says: the one of the first page, where its token tells.
    private func shown(_ revision: Int, _ token: ContinuationToken?) -> Int {
        guard let token, token.revision > 0 else { return revision }
        return token.revision
    }

    private func candidates(
        _ definition: ResourceDefinition, _ namespace: String?, _ query: ListQuery, _ token: ContinuationToken?
    ) throws(APIError) -> ([StoredObject], Int) {
        let resource = definition.storage
        let exact = try exactRevision(query, token)
        if let exact, exact > 0 {
            guard let objects = store.objects(resource, in: namespace, at: exact) else {
                throw token.map(Self.expiredToken) ?? Self.tooOld(exact, store.revision)
            }
            return (objects, exact)
        }
        if let name = query.fields.required("metadata.name"), namespace != nil || !definition.type.isNamespaced {
            let revision = store.revision
            let object = store.object(definition.reference(namespace: namespace, name: name))
            return (object.map { [$0] } ?? [], revision)
        }
        for term in query.fields.terms where term.isEqual && !term.value.isEmpty {
            if let found = store.objects(resource, in: namespace, where: term.field, is: term.value) {
                return (found.objects, found.revision)
            }
        }
        let all = store.objects(resource, in: namespace)
        return (all.objects, all.revision)
    }

    /// The revision that the list must show; `nil` for the newest.
    private func exactRevision(_ query: ListQuery, _ token: ContinuationToken?) throws(APIError) -> Int? {
        if let token { return token.revision }
        guard !query.resourceVersion.isEmpty else { return nil }
        let asked = try Self.revision(query.resourceVersion)
        let current = store.revision
        guard asked <= current else { throw Self.tooNew(asked, current) }
        // A limit with an exact version and no word about the match means exactly that version.
        let isExact =
            query.resourceVersionMatch == "Exact"
            || (query.resourceVersionMatch.isEmpty && query.limit > 0 && asked > 0)
        return isExact ? asked : nil
    }

    /// Reads a resource version.
    static func revision(_ text: String) throws(APIError) -> Int {
        if text.isEmpty { return 0 }
        guard let revision = Int(text), revision >= 0 else {
            throw APIError.badRequest(
                "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
        }
        return revision
    }

    static func tooOld(_ asked: Int, _ current: Int) -> APIError {
        .expired("too old resource version: \(asked) (\(current))")
    }

    private static func tooNew(_ asked: Int, _ current: Int) -> APIError {
        APIError(
            code: 504, reason: .timeout, message: "Timeout: Too large resource version: \(asked), current: \(current)",
            causes: [
                APIError.Cause(
                    reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "")
            ], retryAfterSeconds: 1)
    }

    private static func expiredToken(_ token: ContinuationToken) -> APIError {
        var error = APIError.expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the remainder "
                + "of the results. Continuing with the provided token results in an inconsistent list - objects that were "
                + "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
                + "list.")
        error.continuation = ContinuationToken(revision: 0, after: token.after).text
        return error
    }
}
